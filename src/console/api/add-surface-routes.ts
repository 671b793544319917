import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { heardAt } from '../../identity/machine-clients/index.ts'
import { endThread, stateThread, THREAD_LIMITS } from '../../identity/spaces/index.ts'
import * as kit from '../operation-kit/schemas.ts'
import { machineFirst } from './clients/machine-first.ts'
import { fastifySchema, plainJson } from './document.ts'
import type { ApiParts } from './parts.ts'
import { time } from './shapes.ts'
import { THREAD, threadShape } from './spaces.ts'

const { Name, Nothing, Time } = kit
const closed = { additionalProperties: false } as const
const OfThread = Type.Object(
  {
    space: Name,
    thread: Type.String({
      pattern: '^[\\x21-\\x7e]{1,200}$',
      description: 'the surface’s own name for it, without spaces',
    }),
  },
  closed,
)
const Named = Type.Union([
  Type.Object({ id: Type.String({ maxLength: 64, description: 'a person id' }) }, closed),
  Type.Object(
    { issuer: Type.String({ maxLength: 512 }), subject: Type.String({ maxLength: 255 }) },
    { ...closed, description: 'as their identity provider names them' },
  ),
])
const Statement = Type.Object(
  {
    version: Type.Integer({ minimum: 0, description: 'rises with each statement' }),
    requester: Type.Optional(Named),
    participants: Type.Array(Named, { maxItems: THREAD_LIMITS.participants }),
    others: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: THREAD_LIMITS.strangers,
        description: 'people who are there and not named',
      }),
    ),
    agents: Type.Array(Name, { maxItems: THREAD_LIMITS.agents }),
  },
  closed,
)

/** Routes of surfaces. */
export function addSurfaceRoutes(
  app: FastifyInstance,
  parts: Pick<ApiParts, 'authenticator' | 'spaces'>,
): void {
  const saying = machineFirst(parts.authenticator, 'threads')
  app.put('/v1/spaces/:space/threads/:thread', {
    schema: fastifySchema({
      id: 'threads.state',
      says: 'Who asks in a thread, who is there, and which agents take part: replaces what was said before. Answers when every replica decides by it.',
      params: OfThread,
      body: Statement,
      answer: THREAD,
      security: 'machine',
    }),
    serializerCompiler: plainJson,
    ...saying.hooks(true),
    handler: async (request) => {
      const { space, thread } = request.params as Static<typeof OfThread> // validated against this very schema
      const { others = 0, ...rest } = request.body as Static<typeof Statement> // likewise
      const at = { space, thread, statement: { ...rest, others } }
      return threadShape(await stateThread(parts.spaces, saying.client(request), at))
    },
  })
  app.delete('/v1/spaces/:space/threads/:thread', {
    schema: fastifySchema({
      id: 'threads.end',
      says: 'A thread is over: nothing is called for it any more.',
      params: OfThread,
      answer: Nothing,
      security: 'machine',
    }),
    serializerCompiler: plainJson,
    ...saying.hooks(false),
    handler: async (request) => {
      const at = request.params as Static<typeof OfThread> // validated against this very schema
      await endThread(parts.spaces, saying.client(request), at)
      return {}
    },
  })
  app.put('/v1/surface/alive', {
    schema: fastifySchema({
      id: 'surface.alive',
      says: 'All that the surface stated is still so.',
      answer: Type.Object({ heard_at: Time, silent_after: Type.Integer() }),
      security: 'machine',
    }),
    serializerCompiler: plainJson,
    ...saying.hooks(false),
    handler: async (request) => {
      const surface = saying.client(request)
      return {
        heard_at: time(heardAt(surface)),
        silent_after: surface.settings.silentAfter / 1000,
      }
    },
  })
}
