import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callsIn, contains, type Detail, delegatesIn, type KindOf } from '@remit/engine'
import fc from 'fast-check'
import { standsOn } from '../../tasks/consent/basis.ts'
import { type Basis, basisLimits, joinLimits, limitsOfLists } from '../../tasks/consent/index.ts'
import { authorityWithin, isNothing, withinAgent } from './authority.ts'

const kindOf: KindOf = () => 'integer'
const AT = 'https://gw.example/orders'
const ACTIONS = ['orders.read', 'orders.list', 'orders.refund'] as const

const bounds = fc.array(
  fc.record({
    path: fc.constantFrom('/a', '/b'),
    op: fc.constant('lte' as const),
    value: fc.integer({ min: 0, max: 3 }).map(String),
  }),
  { maxLength: 1 },
)
const one = (type: Detail['type']): fc.Arbitrary<Detail> =>
  fc.record({
    type: fc.constant(type),
    locations: fc.constant([AT]),
    actions: fc.subarray([...ACTIONS], { minLength: 1 }),
    bounds,
  })
const list = (...types: Detail['type'][]) =>
  fc.array(fc.oneof(...types.map(one)), { minLength: 1, maxLength: 3 })
const both = list('remit_call', 'remit_delegate')
const basis: fc.Arbitrary<Basis> = fc
  .record({ kind: fc.constantFrom('consent' as const, 'admin' as const), details: both })
  .map(({ details, kind }, i = 0) => ({
    ...{ id: `bas_${i}`, personId: 'psn_1', agentId: 'bot', grantedBy: 'psn_1' },
    ...{ kind, details, createdAt: 0, expiresAt: null, endedAt: null },
  }))

test('whatever was allowed and is asked for: what is granted to do lies in what was allowed to do, what may be handed on in what was allowed to be handed on', () => {
  let handedOn = 0
  let done = 0
  fc.assert(
    fc.property(
      fc.array(basis, { minLength: 1, maxLength: 4 }),
      fc.option(both, { nil: undefined }),
      fc.record({
        calls: list('remit_call'),
        delegates: fc.option(list('remit_delegate'), { nil: undefined }),
      }),
      fc.option(list('remit_delegate'), { nil: null }),
      (bases, asserted, asked, mayDelegate) => {
        const agent = { ceiling: [everything('remit_call')], mayDelegate }
        const limits = joinLimits(basisLimits(bases), limitsOfLists(asserted ? [asserted] : []))
        const got = authorityWithin(asked, agent, { bases: limits }, kindOf)
        for (const kind of ['consent', 'admin'] as const) {
          const allowed = bases
            .filter((each) => each.kind === kind)
            .flatMap(({ details }) => details)
          if (!bases.some((each) => each.kind === kind)) continue
          assert.ok(contains(callsIn(allowed), got.details, kindOf), 'to do')
          assert.ok(contains(delegatesIn(allowed), got.mayDelegate, kindOf), 'to hand on')
        }
        if (asserted) {
          assert.ok(contains(callsIn(asserted), got.details, kindOf))
          assert.ok(contains(delegatesIn(asserted), got.mayDelegate, kindOf))
        }
        assert.ok(got.details.every(({ type }) => type === 'remit_call'))
        assert.ok(got.mayDelegate.every(({ type }) => type === 'remit_delegate'))
        const stands = standsOn(got, bases, kindOf)
        if (got.details.length + got.mayDelegate.length > 0) assert.ok(stands.length > 0)
        done += got.details.length
        handedOn += got.mayDelegate.length
      },
    ),
    { numRuns: 2_000 },
  )
  assert.ok(done > 300 && handedOn > 100, `only ${done} and ${handedOn}: it would not notice much`)
})

function everything(type: Detail['type']): Detail {
  return { type, locations: [AT], actions: [...ACTIONS], bounds: [] }
}

const calls = (...actions: string[]): Detail[] => [
  { type: 'remit_call', locations: [AT], actions, bounds: [] },
]
const handsOn = (...actions: string[]): Detail[] => [
  { type: 'remit_delegate', locations: [AT], actions, bounds: [] },
]

test('what is asked for is cut down to the ceiling of the agent, and to what it may hand on', () => {
  const agent = {
    ceiling: [...calls('orders.read'), ...handsOn('orders.read')],
    mayDelegate: handsOn('orders.list'),
  }
  const asked = {
    calls: calls('orders.read', 'orders.list'),
    delegates: handsOn('orders.read', 'orders.list'),
  }
  assert.deepEqual(withinAgent(asked, agent, kindOf), {
    details: calls('orders.read'),
    mayDelegate: handsOn('orders.list'),
  })
  const { mayDelegate } = withinAgent({ ...asked, delegates: undefined }, agent, kindOf)
  assert.deepEqual(mayDelegate, [])
})

test('nothing is left where nothing is to be done, or, where only that was asked for, to be handed on', () => {
  const [details, mayDelegate] = [calls('orders.read'), handsOn('orders.read')]
  const both = { calls: details, delegates: mayDelegate }
  assert.equal(isNothing(both, { details, mayDelegate: [] }), false)
  assert.equal(isNothing(both, { details: [], mayDelegate }), true)
  const onlyOn = { calls: [], delegates: mayDelegate }
  assert.equal(isNothing(onlyOn, { details: [], mayDelegate }), false)
  assert.equal(isNothing(onlyOn, { details: [], mayDelegate: [] }), true)
})
