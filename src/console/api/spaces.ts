import {
  changeSpace,
  createSpace,
  findLine,
  listSpaces,
  listThreads,
  modeOf,
  removeSpace,
  requireSpace,
  resumeSpace,
  type Space as SpaceRecord,
  suspendSpace,
  type Thread as ThreadRecord,
} from '../../identity/spaces/index.ts'
import { SPACES } from '../api-operations/spaces.ts'
import * as kit from '../operation-kit/schemas.ts'
import { Space, Thread } from '../operation-kit/space-shape.ts'
import { toJson } from './json.ts'
import { acts } from './operation.ts'
import type { ApiParts } from './parts.ts'

const SPACE = Space(kit)
export const THREAD = Thread(kit)

function shape(space: SpaceRecord) {
  return toJson(SPACE, space, { name: space.id })
}

export function threadShape(thread: ThreadRecord) {
  return toJson(THREAD, thread, { participants: thread.participantIds })
}

async function spaceAnswer({ spaces }: Pick<ApiParts, 'spaces'>, name: string) {
  const { read } = spaces.storage
  const space = await requireSpace(read, name)
  const line = await findLine(read, name)
  return { ...shape(space), counts: modeOf(line), above: line.slice(1).map(({ id }) => id) }
}

export const SPACE_OPERATIONS = acts(SPACES, {
  list: async ({ spaces }) => ({
    spaces: (await listSpaces(spaces.storage.read)).map(shape),
  }),
  show: (parts, { params }) => spaceAnswer(parts, params.name),
  create: async (parts, { body, caller }) => {
    const { kind, name, parent, ...rules } = body
    await createSpace(parts.spaces, { name, kind, parent, rules, by: caller.person.id })
    return spaceAnswer(parts, name)
  },
  set: async (parts, { body, caller, params }) => {
    await changeSpace(parts.spaces, { name: params.name, rules: body, by: caller.person.id })
    return spaceAnswer(parts, params.name)
  },
  suspend: async (
    { spaces },
    { body: { reason = 'suspend by an administrator' }, caller, params },
  ) => {
    await suspendSpace(spaces, { name: params.name, by: caller.person.id, reason })
    return {}
  },
  resume: async (
    { spaces },
    { body: { reason = 'resume by an administrator' }, caller, params },
  ) => {
    await resumeSpace(spaces, { name: params.name, by: caller.person.id, reason })
    return {}
  },
  remove: async (
    { spaces },
    { body: { reason = 'remove by an administrator' }, caller, params },
  ) => {
    await removeSpace(spaces, { name: params.name, by: caller.person.id, reason })
    return {}
  },
  threads: async ({ spaces }, { params, query }) => {
    const { read } = spaces.storage
    await requireSpace(read, params.name)
    const limit = Math.min(Number(query.limit ?? 50), 200)
    const threads = await listThreads(read, params.name, limit)
    return { threads: threads.map(threadShape) }
  },
})
