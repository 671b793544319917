import { APPROVALS } from '../../../console/api-operations/approvals.ts'
import { RuleChange } from '../../../console/api-operations/policies/schemas.ts'
import { describe, noun, type SchemaKit } from '../../../console/operation-kit/operation.ts'

const Habits = (kit: SchemaKit) => {
  const { Type } = kit
  const Texts = Type.Immutable(Type.Array(Type.String()))
  return Type.Object({
    suggestions: Type.Array(
      Type.Object({
        agent: Type.String(),
        action: Type.String(),
        resource: Type.String(),
        approvals: Type.Integer({ description: 'calls that people approved in 30 days' }),
        last: kit.Time,
        limits: Type.Array(
          Type.Object({
            path: Type.String(),
            op: Type.Enum(['in', 'most']),
            values: Texts,
          }),
          { description: 'limits that all of them keep; none goes beyond what was approved' },
        ),
        free: Type.Immutable(
          Type.Array(Type.String(), { description: 'arguments that the rule would not limit' }),
        ),
        rules: Type.Immutable(
          Type.Array(Type.String(), { description: 'rules that asked for each of them' }),
        ),
      }),
    ),
    draft: Type.Union(
      [
        Type.Object({
          version: Type.Integer({ description: 'that it is made from' }),
          text: Type.String({ description: 'all policies, as they could be published' }),
          changes: Type.Array(RuleChange(kit)),
          linked: Type.Immutable(
            Type.Array(Type.String(), {
              description: 'rules that templates or links make: they still ask',
            }),
          ),
          calls: Type.Integer({ description: 'recorded calls that were decided again' }),
          asked_now: Type.Integer(),
          asked_then: Type.Integer(),
          newly_permitted: Type.Integer({
            description:
              'number of denied calls that the suggestion would permit; a right suggestion permits none',
          }),
          without_inputs: Type.Integer(),
          cut: Type.Boolean({ description: 'there were more calls than are looked at' }),
        }),
        Type.Null(),
      ],
      { description: 'for one agent and action; null where none was asked for' },
    ),
  })
}

/** Part of `remit approvals …`: calls that people approve again and again. */
export const APPROVAL_SUGGESTIONS = noun({
  ...APPROVALS,
  operations: {
    suggestions: describe({
      id: 'requests.suggestions',
      route: 'GET /approval-suggestions',
      says: 'What people approve again and again, and with `agent` and `action` the policies that would not ask about it any more, decided again over what was recorded. Changes nothing.',
      schemas: (kit) => ({
        query: kit.exactly({
          agent: kit.Type.Optional(kit.Name),
          action: kit.Type.Optional(kit.Type.String({ maxLength: 200 })),
        }),
        answer: Habits(kit),
      }),
      command: ({ bold, dim, text }) => ({
        examples: [
          'remit approvals suggestions',
          'remit policy suggest --agent refund-bot --approvals orders.refund --out quieter.cedar',
        ],
        prints: ({ suggestions }) =>
          suggestions.length === 0
            ? [dim('Nothing was approved again and again: five alike in 30 days, and none denied.')]
            : suggestions.flatMap(({ action, agent, approvals, free, limits }) => [
                text`${bold(agent)} was approved ${approvals} times for ${bold(action)}`,
                ...limits.map(
                  ({ op, path, values }) =>
                    text`    ${path.slice(1)} ${op === 'in' ? '=' : '≤'} ${values.join(' or ')}`,
                ),
                ...(free.length > 0
                  ? [dim(text`    any ${free.map((path) => path.slice(1)).join(', ')}`)]
                  : []),
                dim(text`  remit policy suggest --agent ${agent} --approvals ${action}`),
                '',
              ]),
      }),
    }),
  },
})
