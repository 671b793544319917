import { Type } from 'typebox'
import {
  ByName,
  Detail,
  KeptDetail,
  listOf,
  Name,
  Nothing,
  Reason,
  Time,
} from '../../operations/schemas.ts'
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
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'

const closed = { additionalProperties: false } as const
const Mode = Type.Union([
  Type.Literal('requester'),
  Type.Literal('intersection'),
  Type.Literal('agent'),
])
const Kind = Type.Union([
  Type.Literal('organization'),
  Type.Literal('workspace'),
  Type.Literal('channel'),
  Type.Literal('direct'),
])
const orAbove = { description: 'null: as the space above says' } as const
const Texts = Type.Array(Type.String({ maxLength: 80 }), { maxItems: 200 })
const Rules = {
  title: Type.Optional(Type.String({ maxLength: 200 })),
  mode: Type.Optional(Type.Union([Mode, Type.Null()], orAbove)),
  people: Type.Optional(
    Type.Union([Texts, Type.Null()], {
      description:
        'for whom tasks may be opened here: `group:name`, `person:psn_…`; each space above has to let them in, too. null: whoever may above',
    }),
  ),
  agents: Type.Optional(
    Type.Union([Texts, Type.Null()], { description: 'which agents may open them; likewise' }),
  ),
  details: Type.Optional(
    Type.Union([Type.Array(Detail, { maxItems: 64 }), Type.Null()], {
      description: 'the most that may be done here; null restricts nothing',
    }),
  ),
}
const Space = Type.Object({
  name: Name,
  kind: Kind,
  parent: Type.Union([Type.String(), Type.Null()]),
  title: Type.String(),
  mode: Type.Union([Mode, Type.Null()], orAbove),
  people: Type.Union([Type.Array(Type.String()), Type.Null()]),
  agents: Type.Union([Type.Array(Type.String()), Type.Null()]),
  details: Type.Union([Type.Array(KeptDetail), Type.Null()]),
  status: Type.Enum(['active', 'suspended', 'removed']),
  created_by: Type.String(),
  created_at: Time,
})
const Shown = Type.Intersect([
  Space,
  Type.Object({
    counts: Type.Union(Mode.anyOf, {
      description: 'the mode that counts, by this space or one above',
    }),
    above: Type.Array(Type.String(), { description: 'the spaces above it, nearest first' }),
  }),
])

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

export const SPACE_OPERATIONS = [
  operation({
    id: 'spaces.list',
    method: 'GET',
    path: '/spaces',
    says: 'Every space that is not removed, by name.',
    who: 'administrator',
    widens: false,
    answer: listOf('spaces', Space),
    run: async ({ spaces }) => ({
      spaces: (await listSpaces(spaces.storage.read)).map(shape),
    }),
  }),
  operation({
    id: 'spaces.show',
    method: 'GET',
    path: '/spaces/:name',
    says: 'One space, those above it, and the mode that counts there.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Shown,
    run: (parts, { params }) => shown(parts, params.name),
  }),
  operation({
    id: 'spaces.create',
    method: 'POST',
    path: '/spaces',
    says: 'Makes a space in another one, or the organization. Its name is never given again.',
    who: 'administrator',
    widens: true,
    body: Type.Object({ name: Name, kind: Kind, parent: Type.Optional(Name), ...Rules }, closed),
    answer: Shown,
    run: async (parts, { body, caller }) => {
      const { kind, name, parent, ...rules } = body
      await createSpace(parts.spaces, { name, kind, parent, rules, by: caller.person.id })
      return shown(parts, name)
    },
  }),
  operation({
    id: 'spaces.change',
    method: 'PUT',
    path: '/spaces/:name',
    says: 'Changes what a space says; what is left out stays. It counts for tasks that run, at once.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object(Rules, closed),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      await changeSpace(parts.spaces, { name: params.name, rules: body, by: caller.person.id })
      return shown(parts, params.name)
    },
  }),
  ...(['suspend', 'resume', 'remove'] as const).map((act) =>
    operation({
      id: `spaces.${act}`,
      method: 'POST',
      path: `/spaces/:name/${act}`,
      says: {
        suspend: 'Stops every call from a space and those below it.',
        resume: 'Lets calls go on. Resource tokens from before stay dead.',
        remove: 'Ends a space and everything below it, for good. Tasks there close.',
      }[act],
      who: 'administrator',
      widens: act === 'resume',
      params: ByName,
      body: Reason,
      answer: Nothing,
      run: async (parts, { body, caller, params }) => {
        const change = {
          name: params.name,
          by: caller.person.id,
          reason: body.reason ?? `${act} by an administrator`,
        }
        await { suspend: suspendSpace, resume: resumeSpace, remove: removeSpace }[act](
          parts.spaces,
          change,
        )
        return {}
      },
    }),
  ),
]
