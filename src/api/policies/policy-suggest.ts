import { type Static, Type } from 'typebox'
import { suggest, suggestPolicy } from '../../analysis/index.ts'
import { compareInWorker } from '../../cedar/index.ts'
import { KeptDetail } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'
import { Change } from './policy-texts.ts'

const closed = { additionalProperties: false } as const
const Texts = Type.Immutable(Type.Array(Type.String()))
const Details = Type.Immutable(Type.Array(KeptDetail))
const Bound = Type.Object({
  path: Type.String(),
  op: Type.Enum(['eq', 'lte']),
  value: Type.String(),
  why: Type.Enum(['always', 'most'], {
    description: '`always`: the same in every call; `most`: the largest that was seen, with room',
  }),
  seen: Type.String(),
  calls: Type.Integer(),
})

const Limit = Type.Object({
  path: Type.String(),
  op: Type.Enum(['in', 'most']),
  values: Texts,
  why: Type.Enum(['always', 'few', 'most']),
  seen: Type.Integer(),
})
const Of = Type.Object(
  { of: Type.Enum(['agent', 'task']), id: Type.String({ maxLength: 64 }) },
  closed,
)
const Lately = Type.Object(
  {
    hours: Type.Optional(
      Type.String({ pattern: '^[1-9]\\d{0,3}$', description: '30 days when left out' }),
    ),
  },
  closed,
)

export const POLICY_SUGGEST_OPERATIONS = [
  operation({
    id: 'policies.suggest',
    method: 'GET',
    path: '/policies/suggestion/:of/:id',
    says: 'The least authority that would have covered what an agent, or a task, was permitted in a time; with its replay over the same calls.',
    who: 'administrator',
    widens: false,
    params: Of,
    query: Lately,
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
      const within = lately(parts, query)
      const found = await suggest(parts.decisions, whoseOf(params), within)
      const { actions, details, now, withoutInputs, ...counts } = found
      return {
        ...timeShape(within),
        now,
        suggested: details,
        actions: actions.map(({ bounds, ...action }) => ({
          ...action,
          bounds: bounds.map(({ bound, ...rest }) => ({ ...bound, ...rest })),
        })),
        ...counts,
        without_inputs: withoutInputs,
      }
    },
  }),
  operation({
    id: 'policies.suggest_policy',
    method: 'GET',
    path: '/policies/suggestion/:of/:id/policy',
    says: 'The policies in force, with the rules that are for one agent alone cut down to what it did, in a time or in one task; as a text, as a difference, and decided again over the same calls. Nothing is put in force.',
    who: 'administrator',
    widens: false,
    params: Of,
    query: Lately,
    answer: Type.Object({
      agent: Type.String(),
      from: Type.String(),
      to: Type.String(),
      version: Type.Integer({ description: 'that it is made from' }),
      text: Type.String({ description: 'all policies, as they could be published' }),
      changes: Type.Array(Change),
      narrowed: Type.Array(Type.String(), { description: 'rules that became narrower' }),
      removed: Type.Array(Type.String(), { description: 'rules of which nothing was used' }),
      linked: Type.Array(Type.String(), {
        description: 'rules for this agent alone that links make: they stay as they are',
      }),
      actions: Type.Array(
        Type.Object({
          action: Type.String(),
          resource: Type.String(),
          calls: Type.Integer(),
          few: Type.Boolean({ description: 'too few calls to limit an argument' }),
          limits: Type.Immutable(Type.Array(Limit)),
        }),
      ),
      calls: Type.Integer({ description: 'permitted calls with the agent in their chain' }),
      newly_denied: Type.Integer({ description: 'of them, those that it would not permit' }),
      overtaken: Type.Integer({
        description: 'of them, those that the policies in force would not permit any more',
      }),
      beyond: Type.Array(Type.Object({ action: Type.String(), rules: Texts }), {
        description: 'what rules that are not for this agent alone could still permit it',
      }),
      without_inputs: Type.Integer(),
      cut: Type.Boolean({ description: 'there were more calls than are looked at' }),
    }),
    run: async (parts, { params, query }) => {
      const time = lately(parts, query)
      const found = await suggestPolicy(parts.decisions, whoseOf(params), time)
      const { before, made: _, newlyDenied, text, withoutInputs, ...rest } = found
      return {
        ...rest,
        ...timeShape(time),
        text,
        changes: [...(await compareInWorker(before, text))],
        ...{ narrowed: [...rest.narrowed], removed: [...rest.removed], linked: [...rest.linked] },
        actions: [...rest.actions],
        beyond: [...rest.beyond],
        newly_denied: newlyDenied,
        without_inputs: withoutInputs,
      }
    },
  }),
]

function lately({ policy }: ApiParts, { hours = '720' }: Static<typeof Lately>) {
  const until = policy.clock.now()
  return { since: until - Number(hours) * 60 * 60_000, until }
}

function timeShape({ since, until }: ReturnType<typeof lately>) {
  return { from: time(since), to: time(until) }
}

function whoseOf({ id, of }: Static<typeof Of>) {
  return of === 'task' ? { task: id } : { agent: id }
}
