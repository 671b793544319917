import { Type } from 'typebox'
import { ByName, listOf, Name, Nothing, Page, Time } from '../../operations/schemas.ts'
import {
  listSurfaces,
  listThreads,
  registerSurface,
  requireSpace,
  revokeSurface,
  type Surface as SurfaceNoun,
} from '../../spaces/index.ts'
import { operation } from '../operation.ts'
import { time } from '../shapes.ts'
import { Thread, threadShape } from './thread-shape.ts'

const closed = { additionalProperties: false } as const
const Surface = Type.Object({
  id: Type.String(),
  name: Type.String(),
  space: Name,
  silent_after: Type.Integer({
    description: 'seconds of silence after which nothing it said counts',
  }),
  created_by: Type.String(),
  created_at: Time,
  heard_at: Time,
  revoked_at: Type.Union([Time, Type.Null()]),
})
const Added = Type.Intersect([
  Surface,
  Type.Object({ secret: Type.String({ description: 'shown this once and kept nowhere' }) }),
])

function shape(surface: SurfaceNoun) {
  return {
    id: surface.id,
    name: surface.name,
    space: surface.spaceId,
    silent_after: surface.silentAfter / 1000,
    created_by: surface.createdBy,
    created_at: time(surface.createdAt),
    heard_at: time(surface.heardAt),
    revoked_at: surface.revokedAt === null ? null : time(surface.revokedAt),
  }
}

/** Who may say who asks and who is there. */
export const SURFACE_OPERATIONS = [
  operation({
    id: 'surfaces.list',
    method: 'GET',
    path: '/spaces/:name/surfaces',
    says: 'The surfaces of a space, newest first. Secrets are never shown again.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: listOf('surfaces', Surface),
    run: async ({ spaces }, { params }) => {
      const { read } = spaces.storage
      await requireSpace(read, params.name)
      return { surfaces: (await listSurfaces(read, params.name)).map(shape) }
    },
  }),
  operation({
    id: 'surfaces.register',
    method: 'POST',
    path: '/spaces/:name/surfaces',
    says: 'Lets a program say who asks and who is there, in the threads of a space and of those below it. The secret is in the answer, once.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100 }),
        silent_after: Type.Optional(
          Type.Integer({ minimum: 60, maximum: 86_400, description: 'seconds; 900 by default' }),
        ),
      },
      closed,
    ),
    answer: Added,
    run: async ({ spaces }, { body, caller, params }) => {
      const { surface, secret } = await registerSurface(spaces, {
        space: params.name,
        name: body.name,
        silentAfterSeconds: body.silent_after,
        by: caller.person.id,
      })
      return { ...shape(surface), secret: secret.reveal() }
    },
  }),
  operation({
    id: 'surfaces.revoke',
    method: 'DELETE',
    path: '/spaces/:name/surfaces/:id',
    says: 'Ends a surface: nothing that it said counts any more, on any replica.',
    who: 'administrator',
    widens: false,
    params: Type.Object({ name: Name, id: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
    answer: Nothing,
    run: async ({ spaces }, { caller, params }) => {
      await revokeSurface(spaces, { id: params.id, space: params.name, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'threads.list',
    method: 'GET',
    path: '/spaces/:name/threads',
    says: 'What surfaces stated of the threads of a space, the newest first.',
    who: 'administrator',
    widens: false,
    params: ByName,
    query: Type.Object(Page, closed),
    answer: listOf('threads', Thread),
    run: async ({ spaces }, { params, query }) => {
      const { read } = spaces.storage
      await requireSpace(read, params.name)
      const limit = Math.min(Number(query.limit ?? 50), 200)
      return { threads: (await listThreads(read, params.name, limit)).map(threadShape) }
    },
  }),
]
