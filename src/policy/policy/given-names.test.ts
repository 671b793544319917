import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Action } from '../../catalog/catalog/index.ts'
import { schemaFor } from './schema.ts'
import { BOT, context, entities, forEachPolicyEngine, ORDERS_PLAN, SAM } from './testing.ts'
import { validatePolicies } from './validate.ts'

/** The sample API after `orders.refund` was called `orders.pay-back`, and then `orders.return-money`. */
const RENAMED: readonly Action[] = ORDERS_PLAN.actions.map((action) =>
  action.name === 'orders.refund'
    ? { ...action, names: ['orders.return-money', 'orders.pay-back'] }
    : action,
)
const SCHEMA = schemaFor(RENAMED)
const ARGS = { order_id: '1042', amount: { decimal: '7.00' } }

const permit = (scope: string, when = '') =>
  `@id("one")\npermit (principal, action ${scope}, resource)${when};\n`

function mistakes(text: string): readonly string[] {
  return validatePolicies(text, SCHEMA).mistakes.map(({ message }) => message)
}

forEachPolicyEngine('rules and names that were given', (load) => {
  const permitted = (text: string, action: string) =>
    load(text, RENAMED).evaluate(
      {
        principal: SAM,
        action,
        resource: 'orders',
        entities: [...entities(), { uid: BOT, attributes: {}, parents: [] }].slice(0, 3),
        context: context(action === 'orders.refund' ? ARGS : { order_id: '1042' }),
      },
      'nothing',
    ).permitted

  it('a rule from before goes on as it was', () => {
    for (const scope of ['== Action::"orders.refund"', 'in [Action::"orders.refund"]']) {
      assert.deepEqual(mistakes(permit(scope)), [])
      assert.equal(permitted(permit(scope), 'orders.refund'), true, scope)
      assert.equal(permitted(permit(scope), 'orders.read'), false, scope)
    }
  })

  it('each name that was given is this one action, with its arguments', () => {
    const small = ' when { context.args.amount.lessThan(decimal("8.00")) }'
    for (const name of ['orders.return-money', 'orders.pay-back'])
      for (const scope of [
        `in Action::"${name}"`,
        `in [Action::"${name}", Action::"orders.read"]`,
      ]) {
        const text = permit(scope, scope.includes('read') ? '' : small)
        assert.deepEqual(mistakes(text), [], scope)
        assert.equal(permitted(text, 'orders.refund'), true, scope)
        assert.equal(permitted(text, 'orders.read'), scope.includes('read'), scope)
      }
    const large = permit('in Action::"orders.pay-back"', small.replace('8', '6'))
    assert.equal(permitted(large, 'orders.refund'), false)
  })

  it('what the action does not have is a mistake, as by its own name', () => {
    const when = ' when { context.args has colour && context.args.colour == "red" }'
    for (const scope of ['== Action::"orders.refund"', 'in Action::"orders.pay-back"'])
      assert.match(mistakes(permit(scope, when)).join(), /colour/, scope)
  })
})

it('a rule that takes a given name for the action itself is refused, with how to write it', () => {
  const rules = [
    permit('== Action::"orders.pay-back"'),
    '@id("one")\nforbid (principal, action, resource) when { action == Action::"orders.pay-back" };\n',
    '@id("one")\nforbid (principal, action, resource) when { [Action::"orders.pay-back"].contains(action) };\n',
    '@id("one")\nforbid (principal, action, resource) unless { Action::"orders.pay-back" in Action::"write" };\n',
  ]
  for (const rule of rules) {
    const [first] = validatePolicies(rule, SCHEMA).mistakes
    assert.match(first?.message ?? '', /is a name that an action was given/, rule)
    assert.match(first?.help ?? '', /`action in Action::"orders\.pay-back"`/)
  }
  const right =
    '@id("one")\nforbid (principal, action, resource) when { action in [Action::"orders.pay-back", Action::"read"] };\n'
  assert.deepEqual(mistakes(right), [])
})

it('a name that nobody gave is no name', () => {
  assert.match(mistakes(permit('in Action::"orders.undo"')).join(), /unrecognized action/)
})
