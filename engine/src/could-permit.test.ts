import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallableAction, couldPermit, type ReachFacts } from './could-permit.ts'
import type { Omission, PolicyQuery, PolicySet } from './policy.ts'
import { entity, type FakePolicy, facts, policySet, requestable } from './policy-testing.ts'

const ALL: FakePolicy = { id: 'all', effect: 'permit', says: () => 'yes' }

function could(
  changed: Partial<ReachFacts> = {},
  policies: readonly FakePolicy[] | PolicySet = [ALL],
  called: Partial<CallableAction> = {},
): boolean {
  const { call, context, ...around } = facts()
  const set = 'evaluate' in policies ? policies : policySet(policies)
  return couldPermit({ ...around, ...changed }, set)({ ...call, context, ...called })
}

test('what every gate lets through for some arguments can be reached', () => {
  assert.equal(could(), true)
})

test('bounds count as ones that can be kept; location, action and type do not', () => {
  const [detail] = facts().details
  assert.ok(detail)
  const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }] as const
  assert.equal(could({ details: [{ ...detail, bounds }] }), true)
  assert.equal(could({ details: [] }), false)
  assert.equal(could({ details: [{ ...detail, type: 'remit_delegate' }] }), false)
  assert.equal(could({ details: [{ ...detail, locations: ['https://gw.example/other'] }] }), false)
  assert.equal(could({}, [ALL], { action: 'orders.read' }), false)
})

test('a narrowed token reaches what it names and no more', () => {
  const { details } = facts()
  assert.equal(could({ narrowed: details }), true)
  assert.equal(could({ narrowed: [] }), false)
})

test('every gate that asks no policy has its say', () => {
  const failed = { passed: false, reason: 'x', detail: '' }
  assert.equal(could({ credential: { gate: 'credential', ...failed } }), false)
  assert.equal(could({ liveness: { gate: 'liveness', ...failed } }), false)
  assert.equal(could({ external: [{ name: 'opa', answer: 'deny' }] }), false)
  assert.equal(could({ budgets: [{ name: 'calls', left: false, detail: '' }] }), false)
  const obligations = [{ id: '1', type: 'watermark', properties: {} }]
  assert.equal(could({ obligations }), false)
  assert.equal(could({ obligations, doable: ['watermark'] }), true)
})

test('each person and each agent of the chain has to be permitted', () => {
  const agents = [entity('Agent', 'refund-bot'), entity('Agent', 'planner')]
  const intersectWith = [entity('Person', 'psn_bob')]
  for (const missing of ['psn_ann', 'psn_bob', 'refund-bot', 'planner']) {
    const says = ({ principal }: PolicyQuery) => (principal.id === missing ? 'no' : 'yes')
    assert.equal(could({ agents, intersectWith }, [{ ...ALL, says }]), false, missing)
  }
  assert.equal(could({ agents, intersectWith }), true)
  assert.equal(could({ agents: [] }), false)
})

test('what people can lift stands in no way, what nobody can lift does', () => {
  const forbid: FakePolicy = { id: 'no', effect: 'forbid', says: () => 'yes' }
  assert.equal(could({}, [ALL, { ...forbid, requestable: requestable('no') }]), true)
  assert.equal(could({}, [ALL, forbid]), false)
})

test('what cannot be evaluated cannot be reached, and is no exception', () => {
  assert.equal(could({}, [ALL, { id: 'broken', effect: 'permit', says: () => 'error' }]), false)
  const evaluate = () => {
    throw new Error('the evaluator is gone')
  }
  assert.equal(
    could({}, { version: 1, requestable: new Map(), obligations: new Map(), evaluate }),
    false,
  )
})

test('policies are asked without arguments, with everything else that a call shows them', () => {
  const asked: (readonly [PolicyQuery, Omission])[] = []
  const policies: PolicySet = {
    version: 1,
    requestable: new Map(),
    obligations: new Map(),
    evaluate: (query, without) => {
      asked.push([query, without])
      return { permitted: true, determining: [], errors: [] }
    },
  }
  const context = { risk: 'high', args: { record: { amount: '1' } }, person: 'forged' }
  assert.equal(could({}, policies, { context }), true)
  assert.equal(asked.length, 2)
  for (const [query, without] of asked) {
    assert.equal(without, 'arguments')
    assert.deepEqual(Object.keys(query.context).sort(), ['agent', 'chain', 'person', 'risk'])
    assert.deepEqual(query.context.person, { entity: { type: 'Person', id: 'psn_ann' } })
  }
  assert.equal(asked[0]?.[0].entities, asked[1]?.[0].entities)
})
