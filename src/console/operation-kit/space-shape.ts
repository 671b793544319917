import type { Static } from 'typebox'
import type { SchemaKit } from './operation.ts'
import type { Terminal } from './terminal.ts'

const orAbove = { description: 'null: as the space above says' } as const

const MODES = {
  requester: 'what the one who asks may do',
  intersection: 'what everyone present may do, each by themselves',
  agent: 'what the agent and its sponsor may do, with no person present',
} as const

export const MODE_NAMES = ['requester', 'intersection', 'agent'] as const

export const KINDS = ['organization', 'workspace', 'channel', 'direct'] as const

export const Rules = (kit: SchemaKit) => {
  const { Detail, Type } = kit
  const Texts = Type.Array(Type.String({ maxLength: 80 }), { maxItems: 200 })
  return {
    title: Type.Optional(Type.String({ maxLength: 200 })),
    mode: Type.Optional(Type.Union([Type.Enum(MODE_NAMES), Type.Null()], orAbove)),
    people: Type.Optional(
      Type.Union([Texts, Type.Null()], {
        description:
          'for whom tasks may be opened here: `group:name`, `person:psn_…`; each space above has to let them in, too. null: inherited from above',
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
}

export const Space = (kit: SchemaKit) => {
  const { KeptDetail, Type } = kit
  return Type.Object({
    name: kit.Name,
    kind: kit.Type.Enum(KINDS),
    parent: Type.Union([Type.String(), Type.Null()]),
    title: Type.String(),
    mode: Type.Union([Type.Enum(MODE_NAMES), Type.Null()], orAbove),
    people: Type.Union([Type.Array(Type.String()), Type.Null()]),
    agents: Type.Union([Type.Array(Type.String()), Type.Null()]),
    details: Type.Union([Type.Array(KeptDetail), Type.Null()]),
    status: Type.Enum(['active', 'suspended', 'removed']),
    created_by: Type.String(),
    created_at: kit.Time,
  })
}

export const SpaceAnswer = (kit: SchemaKit) =>
  kit.Type.Intersect([
    Space(kit),
    kit.Type.Object({
      counts: kit.Type.Enum(MODE_NAMES, {
        description: 'the mode that counts, by this space or one above',
      }),
      above: kit.Type.Array(kit.Type.String(), {
        description: 'the spaces above it, nearest first',
      }),
    }),
  ])

export const Thread = ({ Name, Time, Type }: SchemaKit) =>
  Type.Object({
    id: Type.String({ description: 'what policies and tasks call it' }),
    space: Name,
    name: Type.String({ description: 'what its surface calls it' }),
    surface: Type.String(),
    version: Type.Integer(),
    requester: Type.Union([Type.String(), Type.Null()], {
      description: 'a person id; null: no known person',
    }),
    participants: Type.Array(Type.String(), { description: 'ids of people who are known here' }),
    strangers: Type.Integer({ description: 'how many more are there' }),
    agents: Type.Array(Type.String()),
    stated_at: Time,
    ended_at: Type.Union([Time, Type.Null()]),
  })

/** One space, a fact a line. */
export function spaceLines(
  { above, agents, counts, details, kind, mode, people, status }: SpaceJson,
  { dim, text }: Terminal,
) {
  const most = details?.flatMap(({ actions }) => actions).join(' ')
  return [
    text`  ${kind}${above.length === 0 ? '' : ` in ${above.join(', in ')}`}, ${status}`,
    text`  mode    ${counts}: ${MODES[counts]} ${mode === null ? dim('(said above it)') : ''}`,
    text`  people  ${listed(people)}`,
    text`  agents  ${listed(agents)}`,
    text`  at most ${most === undefined ? 'no limit of its own' : most || 'nothing'}`,
  ]
}

type SpaceJson = Static<ReturnType<typeof SpaceAnswer>>

function listed(list: readonly string[] | null): string {
  if (list === null) return 'as above it'
  return list.length === 0 ? 'no one' : list.join(' ')
}
