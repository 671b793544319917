import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntityRef } from '@remit/engine'
import { BOT, context, entities, forEachPolicyEngine, SAM } from '../testing.ts'
import { ISSUE_ACTIONS } from './actions.ts'

const ONE = 'issue:access_token:token_exchange'

forEachPolicyEngine('rules about issuing tokens', (load) => {
  /** Names of the rules that forbid it; none when nothing does. */
  function forbidden(text: string, action: string, principal: EntityRef = BOT) {
    const { args: _, ...open } = context({})
    const query = { principal, action, resource: 'orders', entities: entities(), context: open }
    const { determining, errors, permitted } = load(text).evaluate(query, 'arguments')
    return permitted ? [] : [...determining, ...errors.map(({ policy }) => `error ${policy}`)]
  }

  test('name one of them, or all of them', () => {
    const one = `@id("one") forbid (principal is Agent, action == Action::"${ONE}", resource);`
    assert.deepEqual(forbidden(one, ONE), ['one'])
    assert.deepEqual(forbidden(one, ONE, SAM), [])
    assert.deepEqual(forbidden(one, 'issue:access_token:jwt_bearer'), [])
    const all = '@id("all") forbid (principal, action in Action::"issue", resource);'
    for (const action of ISSUE_ACTIONS) assert.deepEqual(forbidden(all, action), ['all'], action)
    assert.deepEqual(forbidden(all, 'orders.read'), [])
  })

  test('rules about calls are about none of them, rules about everything are', () => {
    const calls =
      '@id("calls") forbid (principal, action in [Action::"read", Action::"write"], resource);'
    assert.deepEqual(forbidden(calls, ONE), [])
    const everything = '@id("everything") forbid (principal, action, resource)'
    assert.deepEqual(forbidden(`${everything};`, ONE), ['everything'])
    assert.deepEqual(forbidden(`${everything} when { context.args has amount };`, ONE), [])
    assert.deepEqual(forbidden(`${everything} when { context.risk.score > 1 };`, ONE), [])
  })

  test('one that fails is an error', () => {
    const fails = `@id("fails") forbid (principal, action in Action::"issue", resource)
      when { context.agent.trust + 9223372036854775807 > 0 };`
    assert.deepEqual(forbidden(fails, ONE), ['error fails'])
  })
})
