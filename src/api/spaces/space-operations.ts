import { SPACES } from '../../operations/spaces.ts'
import {
  changeSpace,
  createSpace,
  findLine,
  listSpaces,
  modeOf,
  removeSpace,
  requireSpace,
  resumeSpace,
  type Space as SpaceNoun,
  suspendSpace,
} from '../../spaces/index.ts'
import { acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'

function shape(space: SpaceNoun) {
  const copy = <T>(list: readonly T[] | null) => list && [...list]
  return {
    name: space.id,
    kind: space.kind,
    parent: space.parentId,
    title: space.title,
    mode: space.mode,
    people: copy(space.people),
    agents: copy(space.agents),
    details: copy(space.details),
    status: space.status,
    created_by: space.createdBy,
    created_at: time(space.createdAt),
  }
}

async function shown({ spaces }: ApiParts, name: string) {
  const { read } = spaces.storage
  const space = await requireSpace(read, name)
  const line = await findLine(read, name)
  return { ...shape(space), counts: modeOf(line), above: line.slice(1).map(({ id }) => id) }
}

export const SPACE_OPERATIONS = acts(SPACES, {
  list: async ({ spaces }) => ({
    spaces: (await listSpaces(spaces.storage.read)).map(shape),
  }),
  show: (parts, { params }) => shown(parts, params.name),
  create: async (parts, { body, caller }) => {
    const { kind, name, parent, ...rules } = body
    await createSpace(parts.spaces, { name, kind, parent, rules, by: caller.person.id })
    return shown(parts, name)
  },
  set: async (parts, { body, caller, params }) => {
    await changeSpace(parts.spaces, { name: params.name, rules: body, by: caller.person.id })
    return shown(parts, params.name)
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
})
