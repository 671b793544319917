import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IssuanceFacts, issuable } from './issuable.ts'
import type { PolicyQuery, PolicySet } from './policy.ts'
import { entity, type FakePolicy, facts, policySet, requestable } from './policy-testing.ts'

const ASKED = { action: 'issue:access_token:token_exchange', resource: 'orders' }

function says(policies: readonly FakePolicy[] | PolicySet, over: Partial<IssuanceFacts> = {}) {
  const set = 'evaluate' in policies ? policies : policySet(policies)
  const answer = issuable({ ...facts(), ...over }, ASKED, set)
  return answer.allowed ? 'allowed' : `${answer.reason} ${answer.subject}`
}

const forbid = (says: FakePolicy['says']): FakePolicy => ({ id: 'no', effect: 'forbid', says })
const about = (id: string) => forbid(({ principal }) => (principal.id === id ? 'yes' : 'no'))

test('what no rule forbids is issued, whether or not anything permits it', () => {
  assert.equal(says([]), 'allowed')
  assert.equal(says([{ id: 'all', effect: 'permit', says: () => 'yes' }]), 'allowed')
  assert.equal(says([forbid(() => 'no')]), 'allowed')
})

test('a forbid about the person or any agent of the chain refuses, and says about whom', () => {
  const agents = [entity('Agent', 'refund-bot'), entity('Agent', 'planner')]
  const intersectWith = [entity('Person', 'psn_bob')]
  for (const id of ['psn_ann', 'psn_bob', 'refund-bot', 'planner'])
    assert.equal(says([about(id)], { agents, intersectWith }), `issuance.forbidden ${id}`)
  assert.equal(says([about('somebody')], { agents, intersectWith }), 'allowed')
})

test('without an agent nothing is issued', () => {
  assert.equal(says([], { agents: [] }), 'issuance.forbidden ')
})

test('a rule that fails refuses, and so does a set that throws', () => {
  assert.match(says([forbid(() => 'error')]), /^policy\.error/)
  const broken: PolicySet = {
    ...policySet([]),
    evaluate() {
      throw new Error('broken')
    },
  }
  assert.match(says(broken), /^policy\.error/)
})

test('a set that throws only when people could be asked refuses, and asks nobody', () => {
  const asks = {
    ...forbid(() => 'yes'),
    requestable: { ...requestable('no'), issuance: true as const },
  }
  const set = policySet([asks])
  assert.match(says(set), /^issuance\.needs_approval/)
  const broken: PolicySet = {
    ...set,
    evaluate(query, without) {
      if (without === 'nothing') throw new Error('broken')
      return set.evaluate(query, without)
    },
  }
  assert.match(says(broken), /^policy\.error/)
})

test('what people could lift keeps no token back', () => {
  const asks = { ...forbid(() => 'yes'), requestable: requestable('no') }
  assert.equal(says([asks]), 'allowed')
})

test('rules are asked about the issuance, with chain and agent and without arguments', () => {
  const seen: PolicyQuery[] = []
  const set = policySet([])
  issuable(facts(), ASKED, {
    ...set,
    evaluate(query, without) {
      seen.push(query)
      assert.equal(without, 'arguments')
      return set.evaluate(query, without)
    },
  })
  assert.ok(seen.length > 1)
  for (const { action, context, resource } of seen) {
    assert.deepEqual([action, resource], [ASKED.action, ASKED.resource])
    assert.ok('agent' in context && 'chain' in context && !('args' in context))
  }
})
