import type { FastifyInstance } from 'fastify'
import { raiseSignal } from '../../../tasks/risk/index.ts'
import { Signal, SignalInput } from '../../api-operations/risk.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { machineFirst } from '../clients/machine-first.ts'
import { fastifySchema, plainJson } from '../document.ts'
import type { ApiParts } from '../parts.ts'
import { raisingOf, signalShape } from './signals.ts'

/** Adds the routes at which other systems raise signals, as signal sources. */
export function addSignalRoutes(
  app: FastifyInstance,
  parts: Pick<ApiParts, 'authenticator' | 'decisions'>,
): void {
  const reporting = machineFirst(parts.authenticator, 'signals')
  app.post('/v1/risk-signals', {
    schema: fastifySchema({
      id: 'signals.report',
      says: 'What a signal source says about an agent, a person or a task. It makes calls weigh more, from the next one on; nothing makes them weigh less.',
      body: SignalInput(kit),
      answer: Signal(kit),
      security: 'machine',
    }),
    serializerCompiler: plainJson,
    ...reporting.hooks(true),
    handler: async (request) => {
      const given = request.body as Parameters<typeof raisingOf>[0] // validated against this very schema
      return signalShape(
        await raiseSignal(
          parts.decisions,
          raisingOf(given, `source:${reporting.client(request).id}`),
        ),
      )
    },
  })
}
