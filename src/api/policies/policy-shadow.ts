import { type Static, Type } from 'typebox'
import {
  latestDraft,
  readSeen,
  type ShadowDraft,
  startShadow,
  stopShadow,
} from '../../analysis/index.ts'
import { Problem } from '../../lib/problem.ts'
import { Time } from '../../operations/schemas.ts'
import { checkPolicies } from '../../policy/index.ts'
import { personNames } from '../names.ts'
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'
import { MAX_BYTES, Text } from './policy-schemas.ts'
import { schemaNow } from './policy-texts.ts'

const closed = { additionalProperties: false } as const

const Group = Type.Object({
  kind: Type.Enum(['denied', 'permitted', 'asks']),
  agent: Type.String(),
  action: Type.String(),
  rules: Type.Immutable(Type.Array(Type.String())),
  because: Type.Enum([
    'forbids',
    'permits',
    'asks',
    'no_longer_permits',
    'no_longer_forbids',
    'error',
  ]),
  count: Type.Integer(),
  samples: Type.Immutable(Type.Array(Type.String({ description: 'ids of decisions' }))),
})
const ShadowShape = Type.Object({
  draft: Type.Integer(),
  state: Type.Enum(['running', 'stopped', 'replaced', 'published'], {
    description: '`published`: another version came into force, so it has ended',
  }),
  base_version: Type.Integer({ description: 'the version that it is compared with' }),
  note: Type.String(),
  started_by: Type.String(),
  started_by_name: Type.Union([Type.String(), Type.Null()]),
  started_at: Time,
  ended_at: Type.Union([Time, Type.Null()]),
  seen: Type.Integer({ description: 'calls that were looked at' }),
  dropped: Type.Integer({ description: 'calls that were not: too many waited' }),
  denied: Type.Integer(),
  permitted: Type.Integer(),
  asks: Type.Integer(),
  ungrouped: Type.Integer({ description: 'differences beyond the groups that are kept' }),
  groups: Type.Array(Group),
})
const Status = Type.Object({ shadow: Type.Union([ShadowShape, Type.Null()]) })

export const POLICY_SHADOW_OPERATIONS = [
  operation({
    id: 'policies.shadow',
    method: 'GET',
    path: '/policies/shadow',
    says: 'The draft that runs beside the policies in force, or the last one that did, and what it would have answered differently.',
    who: 'administrator',
    widens: false,
    answer: Status,
    run: async (parts) => {
      const draft = await latestDraft(parts.policy.storage.read)
      return { shadow: draft ? await shadowShape(parts, draft) : null }
    },
  }),
  operation({
    id: 'policies.shadow_start',
    method: 'POST',
    path: '/policies/shadow',
    says: 'Puts a draft beside the policies in force: it sees every call after it was answered, and changes none. A draft that runs already ends.',
    who: 'administrator',
    widens: false,
    body: Type.Object({ text: Text, note: Type.Optional(Type.String({ maxLength: 500 })) }, closed),
    bodyBytes: MAX_BYTES,
    answer: Status,
    run: async (parts, { body, caller }) => {
      const { note = '', text } = body
      const schema = await schemaNow(parts)
      const { mistakes } = await checkPolicies(parts.policy.storage.read, { text, schema })
      const [first] = mistakes
      if (first) {
        const detail = `line ${first.line}, column ${first.column}: ${first.message}`
        throw new Problem('policy.invalid', detail, { members: { mistakes } })
      }
      const draft = await startShadow(parts.decisions, { text, note, by: caller.person.id })
      return { shadow: await shadowShape(parts, draft) }
    },
  }),
  operation({
    id: 'policies.shadow_stop',
    method: 'DELETE',
    path: '/policies/shadow',
    says: 'Ends the draft that runs, on every replica. What was found stays.',
    who: 'administrator',
    widens: false,
    answer: Status,
    run: async (parts, { caller }) => {
      await stopShadow(parts.decisions, { by: caller.person.id })
      const draft = await latestDraft(parts.policy.storage.read)
      return { shadow: draft ? await shadowShape(parts, draft) : null }
    },
  }),
]

async function shadowShape(
  parts: ApiParts,
  draft: ShadowDraft,
): Promise<Static<typeof ShadowShape>> {
  const { baseVersion, by, endedAt, endedWhy, note, number, startedAt } = draft
  const { dropped, groups, seen, ungrouped } = await readSeen(parts.policy.storage.read, number)
  const nameOf = await personNames(parts, [by])
  const { version } = await parts.policies.active()
  const overtaken = version === baseVersion ? ('running' as const) : ('published' as const)
  const count = (kind: string) =>
    groups.reduce((sum, group) => sum + (group.kind === kind ? group.count : 0), 0)
  return {
    draft: number,
    state: endedWhy ?? overtaken,
    base_version: baseVersion,
    note,
    started_by: by,
    started_by_name: nameOf(by),
    started_at: time(startedAt),
    ended_at: endedAt === null ? null : time(endedAt),
    seen,
    dropped,
    denied: count('denied'),
    permitted: count('permitted'),
    asks: count('asks'),
    ungrouped,
    groups: [...groups],
  }
}
