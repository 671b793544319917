import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { splitPolicies } from '../cedar/policy-text.ts'
import { portionsOf } from './portions.ts'
import { schemaFor } from './schema.ts'
import { DEFAULT_POLICIES, ORDERS_PLAN, REFUND_DESK } from './testing.ts'

const SCHEMA = schemaFor(ORDERS_PLAN.actions)

const RULES = [
  ...splitPolicies(REFUND_DESK).map(({ text }) => text),
  ...splitPolicies(DEFAULT_POLICIES).map(({ text }) => text),
  'permit (principal, action, resource) when { context.nothing };',
  'permit (principal, action, resource) when { context has nothing };',
  'permit (principal, action, resource) when { context.args.amount.lessThan(decimal("1.0")) };',
  'permit (principal, action, resource) when { context.args has amount };',
  'permit (principal, action, resource) when { context has args.amount };',
  'permit (principal, action, resource) when { context == {} };',
  'permit (principal, action, resource) when { action == Action::"orders.refund" };',
  'permit (principal, action, resource) when { action in Action::"orders.nothing" };',
  'permit (principal, action in Action::"write", resource) when { context.risk.score > 3 };',
  'permit (principal, action in Action::"write", resource) when { context.risk.score > "x" };',
  'permit (principal, action in Action::"risk:hgih", resource);',
  'permit (principal, action in [Action::"read", Action::"orders.refund"], resource);',
  'permit (principal, action == Action::"orders.refund", resource) when { context.args.note == "x" };',
  'permit (principal, action == Action::"orders.refund", resource) when { context.args.amount > 3 };',
  'permit (principal, action in [Action::"orders.refund", Action::"orders.read"], resource) when { context.args.amount == decimal("1.0") };',
  'permit (principal, action == Action::"orders.refnd", resource);',
  'permit (principal is Resource, action, resource);',
  'permit (principal is Robot, action == Action::"orders.refund", resource);',
  'permit (principal, action, resource in Group::"g");',
  'forbid (principal, action in Action::"issue", resource) when { context.token.bound };',
  'forbid (principal, action in [Action::"issue", Action::"write"], resource) when { context.task.purpose == "x" };',
  'forbid (principal, action == Action::"issue:access_token:token_exchange", resource) when { context.args has amount };',
  'forbid (principal, action == Action::"issue:access_token:token_exchange", resource) when { context.args.amount == 3 };',
  'forbid (principal, action in [Action::"issue:id_jag:token_exchange", Action::"orders.refund"], resource) when { context.args.amount == 3 };',
  'forbid (principal, action in [Action::"issue:id_jag:token_exchange", Action::"write"], resource);',
  'forbid (principal, action == Action::"issue:access_token:nothing", resource);',
  'forbid (principal, action, resource) when { action == Action::"issue:access_token:ciba" };',
  'forbid (principal, action, resource) when { action in Action::"issue" && context.args.amount == 3 };',
]

/** Lists what Cedar says about each rule, without the places in the schema. */
function says(schema: string, texts: Readonly<Record<string, string>>): Record<string, string[]> {
  const answer = cedar.validate({ schema, policies: { staticPolicies: { ...texts } } })
  assert.ok(answer.type === 'success')
  const said: Record<string, string[]> = Object.fromEntries(
    Object.keys(texts).map((key) => [key, []]),
  )
  for (const { error, policyId } of [...answer.validationErrors, ...answer.validationWarnings])
    said[policyId]?.push(
      error.message
        .replaceAll(/policy `[^`]*`/g, '')
        // Of actions that are alike each is named, or one that stands in for them.
        .replaceAll(/for Action::"[^"]*"/g, 'for an action'),
    )
  return said
}

describe('checking policies with a part of the schema', () => {
  const policies = new Map<string, { readonly shape: cedar.PolicyJson; readonly text: string }>(
    RULES.map((text, i) => {
      const parsed = cedar.policyToJson(text)
      assert.ok(parsed.type === 'success', text)
      return [`p${i}`, { shape: parsed.json, text }] as const
    }),
  )

  it('says of each rule whether it is right as the whole schema does', () => {
    const whole = says(
      SCHEMA,
      Object.fromEntries([...policies].map(([key, { text }]) => [key, text])),
    )
    const seen = new Set<string>()
    for (const { keys, schema } of portionsOf(policies, SCHEMA)) {
      const texts = Object.fromEntries(keys.map((key) => [key, policies.get(key)?.text ?? '']))
      for (const [key, messages] of Object.entries(says(schema, texts))) {
        seen.add(key)
        const text = policies.get(key)?.text
        assert.equal(messages.length > 0, (whole[key]?.length ?? 0) > 0, text)
        assert.deepEqual(new Set(messages), new Set(whole[key]), text)
      }
    }
    assert.equal(seen.size, policies.size, 'each is checked')
  })

  it('leaves most rules with a few actions, and a schema of somebody else whole', () => {
    const portions = portionsOf(policies, SCHEMA)
    assert.ok(portions.length >= 3)
    const [whole] = portions.filter(({ schema }) => schema === SCHEMA)
    assert.ok((whole?.keys.length ?? 0) < policies.size / 2)
    const foreign =
      'entity User; entity Doc;\n\naction "view" appliesTo { principal: User, resource: Doc };\n'
    assert.deepEqual(portionsOf(policies, foreign), [
      { schema: foreign, keys: [...policies.keys()] },
    ])
  })
})
