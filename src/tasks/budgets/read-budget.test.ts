import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogView } from '../../catalog/catalog/catalog.ts'
import { planOrders } from '../../catalog/catalog/testing.ts'
import { ExactNumber, parseJson } from '../../platform/lib/json.ts'
import { readBudget } from './read-budget.ts'

const { resource, actions } = planOrders()
const catalog = catalogView(
  [{ ...resource, status: 'active', createdAt: 0, updatedAt: 0 }],
  actions,
)
const read = (value: unknown) => readBudget(value, catalog)
const sum = (over: object = {}) => [
  { limit: 'sum', action: 'orders.refund', path: '/amount', max: '500.00', ...over },
]

const LIMITS = [
  { name: 'calls', kind: 'calls', most: '20' },
  {
    name: 'orders.refund/amount',
    kind: 'sum',
    action: 'orders.refund',
    path: '/amount',
    most: '500.00',
  },
]

test('a budget is read from plain objects and from exact JSON alike', () => {
  const plain = [{ limit: 'calls', max: 20 }, ...sum()]
  assert.deepEqual(read(plain), { ok: true, limits: LIMITS })
  assert.deepEqual(read(parseJson(JSON.stringify(plain))), { ok: true, limits: LIMITS })
})

test('no budget is no limit', () => {
  assert.deepEqual(read(undefined), { ok: true, limits: [] })
  assert.deepEqual(read([]), { ok: true, limits: [] })
})

test('whatever is not exactly a budget is refused with words', () => {
  for (const [value, words] of [
    [null, /must be a list/],
    [{}, /must be a list/],
    [[null], /budget\[0\] must be an object/],
    [[[]], /budget\[0\] must be an object/],
    [[{ limit: 'rate', max: 1 }], /calls, sum, charged or rows/],
    [[{ limit: 'calls' }], /whole number/],
    [[{ limit: 'calls', max: 0 }], /whole number/],
    [[{ limit: 'calls', max: -1 }], /whole number/],
    [[{ limit: 'calls', max: 1.5 }], /whole number/],
    [[{ limit: 'calls', max: 1e21 }], /whole number/],
    [[{ limit: 'calls', max: Number.NaN }], /whole number/],
    [[{ limit: 'calls', max: '20' }], /whole number/],
    [[{ limit: 'calls', max: new ExactNumber('2e1') }], /whole number/],
    [[{ limit: 'calls', max: 1, per: 'day' }], /unknown member/],
    [[{ limit: 'calls', max: 1, path: '/amount' }], /unknown member/],
    [[{ limit: 'calls', max: 1, action: 'orders.nothing' }], /not an action/],
    [[{ limit: 'calls', max: 1, action: undefined }], /not an action/],
    ...[0, -1, 1.5, 366 * 86_400 + 1, '60', null, new ExactNumber('6e1')].map(
      (seconds) =>
        [[{ limit: 'calls', max: 1, seconds }], /seconds must be a whole number/] as const,
    ),
    [
      [
        { limit: 'calls', max: 1 },
        { limit: 'calls', max: 2 },
      ],
      /calls twice/,
    ],
    [[...sum(), ...sum({ max: '1' })], /orders.refund\/amount twice/],
    [sum({ max: 500 }), /text like/],
    [sum({ max: '0' }), /text like/],
    [sum({ max: '0.00' }), /text like/],
    [sum({ max: '-1' }), /text like/],
    [sum({ max: '1.00001' }), /text like/],
    [sum({ max: '1e3' }), /text like/],
    [sum({ max: '922337203685477.5808' }), /text like/],
    [sum({ action: 'orders.nothing' }), /not an action/],
    [sum({ action: '__proto__' }), /not an action/],
    [sum({ path: '/order_id' }), /integer or decimal argument of orders.refund/],
    [sum({ path: '/missing' }), /integer or decimal/],
    [sum({ path: 'amount' }), /integer or decimal/],
    [sum({ path: '' }), /integer or decimal/],
    [sum({ unit: 'EUR' }), /unknown member/],
    [Array.from({ length: 9 }, () => ({ limit: 'calls', max: 1 })), /8 at most/],
  ] as const) {
    const answer = read(value)
    assert.ok(!answer.ok, JSON.stringify(value))
    assert.match(answer.reason, words)
  }
})

test('a limit of one action, or of any so many seconds, has a name of its own', () => {
  const given = [
    { limit: 'calls', max: 20 },
    { limit: 'calls', max: 5, action: 'orders.refund' },
    { limit: 'calls', max: 3, seconds: 60 },
    { limit: 'calls', max: 2, action: 'orders.refund', seconds: 5400 },
    ...sum({ seconds: 86_400 }),
    ...sum({ seconds: 45 }),
    ...sum(),
  ]
  const answer = read(parseJson(JSON.stringify(given)))
  assert.ok(answer.ok)
  assert.deepEqual(
    answer.limits.map(({ name, seconds }) => [name, seconds]),
    [
      ['calls', undefined],
      ['calls of orders.refund', undefined],
      ['calls in 1 min', 60],
      ['calls of orders.refund in 90 min', 5400],
      ['orders.refund/amount in 1 d', 86_400],
      ['orders.refund/amount in 45 s', 45],
      ['orders.refund/amount', undefined],
    ],
  )
})

test('the largest sum that the scale holds is a limit', () => {
  assert.ok(read(sum({ max: '922337203685477.5807' })).ok)
})

test('a limit on what answers say names its part, and what is taken until they come', () => {
  const rows = { limit: 'rows', action: 'orders.list', path: '/orders', max: 5000 }
  const charged = { limit: 'charged', action: 'orders.refund', path: '/fee', max: '5.00' }
  const of = (limit: object) => {
    const result = read(parseJson(JSON.stringify([limit])))
    return result.ok ? result.limits[0] : result.reason
  }
  assert.deepEqual(of({ ...rows, reserve: '/limit', seconds: 86_400 }), {
    name: 'rows of orders.list/orders in 1 d',
    ...{ kind: 'rows', action: 'orders.list', path: '/orders', seconds: 86_400 },
    ...{ reserve: '/limit', most: '5000' },
  })
  assert.deepEqual(of({ ...charged, reserve: '0.50' }), {
    name: 'charged by orders.refund/fee',
    ...{ kind: 'charged', action: 'orders.refund', path: '/fee', reserve: '0.50', most: '5.00' },
  })
  for (const given of [
    { ...rows, reserve: 0 },
    { ...rows, path: '', reserve: 10 },
    { ...rows, path: '/pages/*/orders', reserve: 10 },
    { ...charged, reserve: '/amount' },
  ])
    assert.equal(typeof of(given), 'object', JSON.stringify(given))
  for (const [given, words] of [
    [{ ...rows }, /reserve must be a whole number/],
    [{ ...rows, reserve: 1.5 }, /reserve must be a whole number/],
    [{ ...rows, reserve: '10' }, /reserve must be a whole number/],
    [{ ...rows, reserve: '/status' }, /must point at an integer argument/],
    [{ ...rows, action: 'orders.refund', reserve: '/amount' }, /must point at an integer/],
    [{ ...rows, max: '5000', reserve: 10 }, /max must be a whole number/],
    [{ ...rows, path: 'orders', reserve: 10 }, /path must be a JSON Pointer to a list/],
    [{ ...rows, path: undefined, reserve: 10 }, /path must be a JSON Pointer to a list/],
    [{ ...charged, path: '', reserve: '1' }, /path must be a JSON Pointer to a number/],
    [{ ...charged, reserve: 1 }, /reserve must be text/],
    [{ ...charged, reserve: '-1' }, /reserve must be text/],
    [{ ...charged, reserve: '/note' }, /must point at an integer or decimal/],
    [{ ...charged, max: '1000000000000.0001', reserve: '1' }, /more than can be counted/],
    [{ ...charged, reserve: '1', per: 'day' }, /unknown member/],
  ] as const)
    assert.match(String(of(given)), words, JSON.stringify(given))
})
