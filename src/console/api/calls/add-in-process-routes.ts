import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { directResource, markOf } from '../../../calls/direct-calls/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { machineFirst } from '../clients/machine-first.ts'
import { fastifySchema, plainJson } from '../document.ts'
import type { ApiParts } from '../parts.ts'
import { RecordedDecisions, ReportedDecisions, recordReported } from './report-decisions.ts'

const closed = { additionalProperties: false } as const
const Bundle = Type.Object({
  bundle: Type.String({
    description: 'JWS with `typ` `remit-policy-bundle+jwt`, for this API and this client',
  }),
})
const Follow = Type.Object(
  {
    session: Type.Optional(Type.String({ maxLength: 64, description: 'as the first answer says' })),
    position: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'of the last answer: everything up to it was dropped',
      }),
    ),
  },
  closed,
)
const News = Type.Object({
  session: Type.String(),
  reset: Type.Boolean({ description: 'what was read before counts no more' }),
  position: Type.Integer(),
  through: Type.Integer({ description: 'for `in_process` of questions about calls' }),
  changes: Type.Array(Type.Tuple([Type.String(), Type.Integer()]), {
    description: 'digest of what changed, and its epoch: older facts that name it are void',
  }),
  lease_ms: Type.Integer({
    description: 'from before the request was sent; 0: no longer than before',
  }),
  rules: Type.Integer({ description: 'epoch of policies and catalog: that of the bundle to use' }),
  now: Type.Integer({ description: 'epoch milliseconds' }),
  waited_ms: Type.Integer({ description: 'time that the request waited here' }),
})

/** Routes for direct APIs that decide in their own process (docs/in-process-decisions.md). */
export function addInProcessRoutes(
  app: FastifyInstance,
  parts: Pick<ApiParts, 'authenticator' | 'bundles' | 'decisions'>,
): void {
  const { bundles, decisions } = parts
  const asking = machineFirst(parts.authenticator, 'calls')
  const common = { security: 'machine' as const }
  app.get('/v1/in-process/bundle', {
    schema: fastifySchema({
      ...common,
      id: 'in_process.bundle',
      says: 'Policies and catalog of the API, signed, for deciding in its own process.',
      answer: Bundle,
    }),
    serializerCompiler: plainJson,
    ...asking.hooks(false),
    handler: async (request) => {
      const { id, settings } = asking.client(request)
      const resource = await directResource(decisions, settings.resource)
      return { bundle: await bundles.signed(resource, id) }
    },
  })
  app.post('/v1/in-process/feed', {
    schema: fastifySchema({
      ...common,
      id: 'in_process.feed',
      says: 'What has changed, at once or within a second or two, and a lease on everything else. Asked again and again; each question acknowledges the answer before.',
      body: Follow,
      answer: News,
    }),
    serializerCompiler: plainJson,
    ...asking.hooks(true),
    handler: async (request) => {
      const { id, settings } = asking.client(request)
      await directResource(decisions, settings.resource)
      return follow(parts, id, request.body as Static<typeof Follow>) // validated against this very schema
    },
  })
  app.post('/v1/in-process/decisions', {
    schema: fastifySchema({
      ...common,
      id: 'in_process.report',
      says: 'Permits that the API gave in its own process, and how the calls ended. Each counts once, however often it is told.',
      body: ReportedDecisions,
      answer: RecordedDecisions,
    }),
    serializerCompiler: plainJson,
    ...asking.hooks(true),
    handler: (request) =>
      recordReported(
        parts,
        asking.client(request),
        request.body as Static<typeof ReportedDecisions>,
      ), // validated against this very schema
  })
}

async function follow(
  { bundles, decisions }: Pick<ApiParts, 'bundles' | 'decisions'>,
  owner: string,
  asked: Static<typeof Follow>,
): Promise<Static<typeof News>> {
  const { clock, disk, live } = decisions
  const arrived = clock.monotonic()
  const { changes, leaseMs, ...news } = await live.follow({ owner, ...asked })
  disk?.requireRoom()
  // INVARIANT: a server that permits nothing lets no other server permit anything.
  if (decisions.ledger.broken !== undefined)
    throw new Problem('ledger.inconsistent', 'the ledger lacks what was signed before')
  return {
    ...news,
    changes: changes.map((change) => [...markOf(news.session, change)]),
    lease_ms: leaseMs,
    rules: await bundles.epoch(),
    now: clock.now(),
    waited_ms: Math.floor(clock.monotonic() - arrived),
  }
}
