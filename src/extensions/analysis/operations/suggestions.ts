import { RuleChange } from '../../../console/api-operations/policies/schemas.ts'
import type { SchemaKit } from '../../../console/operation-kit/operation.ts'

/** Parameters: whose calls, and of the last how many hours. */
export const SuggestionInput = ({ exactly, Type }: SchemaKit) => ({
  params: exactly({ of: Type.Enum(['agent', 'task']), id: Type.String({ maxLength: 64 }) }),
  query: exactly({
    hours: Type.Optional(
      Type.String({ pattern: '^[1-9]\\d{0,3}$', description: '30 days when left out' }),
    ),
  }),
})

/** Authority that would have been enough. */
export const SuggestedCeiling = ({ KeptDetail, Type }: SchemaKit) => {
  const Details = Type.Immutable(Type.Array(KeptDetail))
  return Type.Object({
    from: Type.String(),
    to: Type.String(),
    now: Details,
    suggested: Details,
    actions: Type.Array(
      Type.Object({
        location: Type.String(),
        action: Type.String(),
        calls: Type.Integer(),
        bounds: Type.Array(
          Type.Object({
            path: Type.String(),
            op: Type.Enum(['eq', 'lte']),
            value: Type.String(),
            why: Type.Enum(['always', 'most'], {
              description:
                '`always`: the same in every call; `most`: the largest that was seen, with room',
            }),
            seen: Type.String(),
            calls: Type.Integer(),
          }),
        ),
      }),
    ),
    calls: Type.Integer({ description: 'permitted calls that were looked at' }),
    outside: Type.Integer({ description: 'of them, what holds now would not cover any more' }),
    covered: Type.Integer({ description: 'of the others, those that the suggestion covers' }),
    without_inputs: Type.Integer(),
    cut: Type.Boolean({ description: 'there were more calls than are looked at' }),
  })
}

/** Policies that would have been enough. */
export const SuggestedPolicies = (kit: SchemaKit) => {
  const { Type } = kit
  const Texts = Type.Immutable(Type.Array(Type.String()))
  const Limit = Type.Object({
    path: Type.String(),
    op: Type.Enum(['in', 'most']),
    values: Texts,
    why: Type.Enum(['always', 'few', 'most']),
    seen: Type.Integer(),
  })
  return Type.Object({
    agent: Type.String(),
    from: Type.String(),
    to: Type.String(),
    version: Type.Integer({ description: 'that it is made from' }),
    text: Type.String({ description: 'all policies, as they could be published' }),
    changes: Type.Array(RuleChange(kit)),
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
  })
}
