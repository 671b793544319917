import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GivenSignal, Signal } from '../../operations/risk.ts'
import * as kit from '../../operations/schemas.ts'
import { identifySource, raiseSignal, type SignalSource } from '../../risk/index.ts'
import { credentialFirst } from '../credential-first.ts'
import { plainJson, schemaOf } from '../document.ts'
import type { ApiParts } from '../parts.ts'
import { raisingOf, signalShape } from './signals.ts'

/** Where other systems raise signals, by the secret of a signal source. */
export function addSignalRoutes(app: FastifyInstance, parts: ApiParts): void {
  const known = new WeakMap<FastifyRequest, SignalSource>()
  app.post('/v1/risk-signals', {
    schema: schemaOf({
      id: 'signals.report',
      says: 'What a signal source says about an agent, a person or a task. It makes calls weigh more, from the next one on; nothing makes them weigh less.',
      body: GivenSignal(kit),
      answer: Signal(kit),
      security: 'source',
    }),
    serializerCompiler: plainJson,
    ...credentialFirst({
      body: true,
      check: async (request) => {
        const { authorization = '' } = request.headers
        const match = /^bearer (sgs_[A-Za-z0-9_-]{1,128})$/i.exec(authorization)
        known.set(request, await identifySource(parts.decisions, match?.[1]))
      },
    }),
    handler: async (request) => {
      const source = known.get(request)
      if (!source) throw new Error('a route for signals was reached without a signal source')
      const given = request.body as Parameters<typeof raisingOf>[0] // validated against this very schema
      return signalShape(
        await raiseSignal(parts.decisions, raisingOf(given, `source:${source.name}`)),
      )
    },
  })
}
