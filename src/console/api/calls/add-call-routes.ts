import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { Nothing } from '../../operation-kit/schemas.ts'
import { machineFirst } from '../clients/machine-first.ts'
import { fastifySchema, plainJson } from '../document.ts'
import type { ApiParts } from '../parts.ts'
import { askAboutCall, CallAnswer } from './ask.ts'
import { AskedCall } from './asked-call.ts'
import { ReportedOutcome, reportOutcome } from './report-outcome.ts'

const OfDecision = Type.Object(
  { decision: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
)

/** Routes for APIs that agents call directly, as enforcers (contract 4). */
export function addCallRoutes(
  app: FastifyInstance,
  parts: Pick<ApiParts, 'authenticator' | 'bundles' | 'decisions'>,
): void {
  const asking = machineFirst(parts.authenticator, 'calls')
  app.post('/v1/calls', {
    schema: fastifySchema({
      id: 'calls.ask',
      says: 'Whether a call that reached a direct API may run. A permit is on record before it is answered; report its outcome.',
      body: AskedCall,
      answer: CallAnswer,
      security: 'machine',
    }),
    serializerCompiler: plainJson,
    ...asking.hooks(true),
    handler: (request) =>
      askAboutCall(parts, asking.client(request), request.body as Static<typeof AskedCall>), // validated against this very schema
  })
  app.post('/v1/calls/:decision/outcome', {
    schema: fastifySchema({
      id: 'calls.report',
      says: 'What became of a permitted call, once.',
      params: OfDecision,
      body: ReportedOutcome,
      answer: Nothing,
      security: 'machine',
    }),
    serializerCompiler: plainJson,
    ...asking.hooks(true),
    handler: async (request) => {
      const { decision: id } = request.params as Static<typeof OfDecision> // validated against this very schema
      const outcome = request.body as Static<typeof ReportedOutcome> // validated against this very schema
      await reportOutcome(parts, asking.client(request), { id, outcome })
      return {}
    },
  })
}
