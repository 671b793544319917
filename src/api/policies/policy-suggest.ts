import { Type } from 'typebox'
import { suggest } from '../../decisions/index.ts'
import { operation } from '../operation.ts'
import { time } from '../shapes.ts'

const closed = { additionalProperties: false } as const
const Details = Type.Array(Type.Unknown({ description: 'a detail, as in the ceiling of an agent' }))
const Bound = Type.Object({
  path: Type.String(),
  op: Type.String(),
  value: Type.Unknown(),
  why: Type.Enum(['always', 'most'], {
    description: '`always`: the same in every call; `most`: the largest that was seen, with room',
  }),
  seen: Type.String(),
  calls: Type.Integer(),
})

export const POLICY_SUGGEST_OPERATIONS = [
  operation({
    id: 'policies.suggest',
    method: 'GET',
    path: '/policies/suggestion/:of/:id',
    says: 'The least authority that would have covered what an agent, or a task, was permitted in a time; with its replay over the same calls.',
    who: 'administrator',
    widens: false,
    params: Type.Object(
      { of: Type.Enum(['agent', 'task']), id: Type.String({ maxLength: 64 }) },
      closed,
    ),
    query: Type.Object(
      {
        hours: Type.Optional(
          Type.String({ pattern: '^[1-9]\\d{0,3}$', description: '30 days when left out' }),
        ),
      },
      closed,
    ),
    answer: Type.Object({
      from: Type.String(),
      to: Type.String(),
      now: Details,
      suggested: Details,
      actions: Type.Array(
        Type.Object({
          location: Type.String(),
          action: Type.String(),
          calls: Type.Integer(),
          bounds: Type.Array(Bound),
        }),
      ),
      calls: Type.Integer({ description: 'permitted calls that were looked at' }),
      outside: Type.Integer({ description: 'of them, what holds now would not cover any more' }),
      covered: Type.Integer({ description: 'of the others, those that the suggestion covers' }),
      without_inputs: Type.Integer(),
      cut: Type.Boolean({ description: 'there were more calls than are looked at' }),
    }),
    run: async (parts, { params, query }) => {
      const { hours = '720' } = query
      const until = parts.policy.clock.now()
      const since = until - Number(hours) * 60 * 60_000
      const whose = params.of === 'task' ? { task: params.id } : { agent: params.id }
      const found = await suggest(parts.decisions, whose, { since, until })
      const { actions, details, now, withoutInputs, ...counts } = found
      return {
        from: time(since),
        to: time(until),
        now: [...now],
        suggested: [...details],
        actions: actions.map(({ bounds, ...action }) => ({
          ...action,
          bounds: bounds.map(({ bound, ...rest }) => ({ ...bound, ...rest })),
        })),
        ...counts,
        without_inputs: withoutInputs,
      }
    },
  }),
]
