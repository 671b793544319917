import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Enforcer, identifyEnforcer } from '../../catalog/index.ts'
import { Nothing } from '../../operations/schemas.ts'
import { credentialFirst } from '../credential-first.ts'
import { plainJson, schemaOf } from '../document.ts'
import type { ApiParts } from '../parts.ts'
import { askAboutCall, CallAnswer } from './ask.ts'
import { AskedCall } from './asked-call.ts'
import { ReportedOutcome, reportOutcome } from './report-outcome.ts'

const OfDecision = Type.Object(
  { decision: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
)

/** What APIs that agents call directly ask, by the secret of an enforcement point (contract 4). */
export function addCallRoutes(app: FastifyInstance, parts: ApiParts): void {
  const asking = authenticated(parts)
  app.post('/v1/calls', {
    schema: schemaOf({
      id: 'calls.ask',
      says: 'Whether a call that reached a direct API may run. A permit is on record before it is answered; report its outcome.',
      body: AskedCall,
      answer: CallAnswer,
      security: 'enforcer',
    }),
    serializerCompiler: plainJson,
    ...asking.hooks,
    handler: (request) =>
      askAboutCall(parts, asking.enforcer(request), request.body as Static<typeof AskedCall>), // validated against this very schema
  })
  app.post('/v1/calls/:decision/outcome', {
    schema: schemaOf({
      id: 'calls.report',
      says: 'What became of a permitted call, once.',
      params: OfDecision,
      body: ReportedOutcome,
      answer: Nothing,
      security: 'enforcer',
    }),
    serializerCompiler: plainJson,
    ...asking.hooks,
    handler: async (request) => {
      const { decision: id } = request.params as Static<typeof OfDecision> // validated against this very schema
      const outcome = request.body as Static<typeof ReportedOutcome> // validated against this very schema
      await reportOutcome(parts, asking.enforcer(request), { id, outcome })
      return {}
    },
  })
}

/** The secret comes before the input is looked at. */
function authenticated(parts: ApiParts) {
  const known = new WeakMap<FastifyRequest, Enforcer>()
  return {
    hooks: credentialFirst({
      body: true,
      check: async (request) => {
        const { authorization = '' } = request.headers
        const match = /^bearer (enf_[A-Za-z0-9_-]{1,128})$/i.exec(authorization)
        known.set(request, await identifyEnforcer(parts.people, match?.[1]))
      },
    }),
    enforcer(request: FastifyRequest): Enforcer {
      const enforcer = known.get(request)
      if (!enforcer) throw new Error('a route about calls was reached without an enforcement point')
      return enforcer
    },
  }
}
