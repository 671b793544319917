import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArgumentKind, KindOf, TypedArguments, TypedValue } from './arguments.ts'
import { covers } from './covers.ts'
import type { Bound, Detail } from './detail.ts'
import { misfit } from './misfit.ts'

const ORDERS = 'https://gw.example/orders'
const KINDS: Readonly<Record<string, ArgumentKind>> = {
  '/order_id': 'string',
  '/amount': 'decimal',
  '/note': 'string',
  '/file': 'path',
  '/to/city': 'string',
  '/a~1b': 'string',
}
const kindOf: KindOf = (location, _action, path) => (location === ORDERS ? KINDS[path] : undefined)

function detail(actions: string[], ...bounds: Bound[]): Detail {
  return { type: 'remit_call', locations: [ORDERS], actions, bounds }
}
const READ = detail(['orders.read'], { path: '/order_id', op: 'eq', value: '1042' })
const REFUND = detail(['orders.refund'], ...READ.bounds, {
  path: '/amount',
  op: 'lte',
  value: '1000.00',
})

function args(values: Readonly<Record<string, TypedValue | string>>): TypedArguments {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? { kind: 'string', value } : value,
    ]),
  )
}

function told(details: Detail[], action: string, values: TypedArguments, location = ORDERS) {
  const coverage = covers(details, { location, action, arguments: values }, kindOf)
  assert.ok(!coverage.covered)
  const { nearest, enough } = coverage
  return { nearest, enough }
}

test('the example of the contract: refunds of one order up to an amount', () => {
  const refund = (id: string, text: string) =>
    covers(
      [READ, REFUND],
      {
        location: ORDERS,
        action: 'orders.refund',
        arguments: args({ order_id: id, amount: { kind: 'decimal', text } }),
      },
      kindOf,
    )
  assert.deepEqual(refund('1042', '40.00'), { covered: true, by: 1 })
  assert.deepEqual(refund('1042', '1000'), { covered: true, by: 1 })
  assert.ok(!refund('1042', '1000.0001').covered)
  assert.ok(!refund('2001', '40.00').covered)
})

test('a denial says which argument is outside, and what is inside', () => {
  assert.deepEqual(told([READ], 'orders.read', args({ order_id: '2001' })), {
    nearest: 'task does not cover order_id 2001; it covers orders.read where order_id = 1042',
    enough: 'a task that covers orders.read where order_id = 2001',
  })
})

test('a denial speaks about the nearest of several details', () => {
  const small = detail(
    ['orders.refund'],
    { path: '/order_id', op: 'eq', value: '7' },
    { path: '/amount', op: 'lte', value: '5' },
  )
  const values = args({ order_id: '1042', amount: { kind: 'decimal', text: '1200.00' } })
  assert.deepEqual(told([small, REFUND], 'orders.refund', values), {
    nearest:
      'task does not cover amount 1200.00; it covers orders.refund where order_id = 7 and amount ≤ 5, or orders.refund where order_id = 1042 and amount ≤ 1000.00',
    enough: 'a task that covers orders.refund where amount = 1200.00',
  })
})

test('a denial speaks about the nearest detail wherever it stands, and about the first of two that are as near', () => {
  const small = detail(
    ['orders.refund'],
    { path: '/order_id', op: 'eq', value: '7' },
    { path: '/amount', op: 'lte', value: '5' },
  )
  const amount = { kind: 'decimal', text: '1200.00' } as const
  const { enough } = told([REFUND, small], 'orders.refund', args({ order_id: '1042', amount }))
  assert.equal(enough, 'a task that covers orders.refund where amount = 1200.00')
  const [ten, seven] = ['10', '7'].map((value) =>
    detail(['orders.read'], { path: value === '7' ? '/note' : '/order_id', op: 'eq', value }),
  )
  assert.ok(ten && seven)
  const values = args({ order_id: '1', note: '1' })
  assert.match(told([ten, seven], 'orders.read', values).enough, /where order_id = 1$/)
  assert.match(told([seven, ten], 'orders.read', values).enough, /where note = 1$/)
})

test('a call that lacks one argument and has another wrong is told to give both', () => {
  const amount = { kind: 'decimal', text: '1200.00' } as const
  const { enough, nearest } = told([REFUND], 'orders.refund', args({ amount }))
  assert.match(nearest, /^task does not cover a call without order_id and amount 1200\.00;/)
  assert.equal(enough, 'a call of orders.refund where order_id = 1042 and amount ≤ 1000.00')
})

test('what may be handed on is not named as covered', () => {
  const handOn = { ...READ, type: 'remit_delegate' } as const
  assert.equal(
    told([handOn], 'orders.cancel', args({})).nearest,
    `task covers nothing at ${ORDERS}`,
  )
})

test('a denial says which argument is missing', () => {
  assert.deepEqual(told([READ], 'orders.read', args({})), {
    nearest:
      'task does not cover a call without order_id; it covers orders.read where order_id = 1042',
    enough: 'a call of orders.read where order_id = 1042',
  })
})

test('a denial says which actions and which APIs are covered instead', () => {
  assert.equal(
    told([READ], 'orders.cancel', args({})).nearest,
    'task does not cover orders.cancel; here it covers orders.read where order_id = 1042',
  )
  assert.deepEqual(told([READ], 'files.read', args({}), 'https://gw.example/files'), {
    nearest: `task covers nothing at https://gw.example/files; it covers actions at ${ORDERS}`,
    enough: 'a task that covers files.read at https://gw.example/files',
  })
  assert.equal(told([], 'orders.read', args({})).nearest, `task covers nothing at ${ORDERS}`)
})

test('what a denial repeats can neither hide, reorder nor drown the rest', () => {
  const { nearest } = told(
    [READ],
    'orders.read',
    args({ order_id: `1042\u202e\u200b\n"; ok${'x'.repeat(5000)}` }),
  )
  assert.match(nearest, /order_id "1042\\u\{202e\}\\u\{200b\}\\n\\"; okx+"…; it covers/)
  assert.ok(nearest.length < 250)
  const many = Array.from({ length: 60 }, (_, i) =>
    detail(['orders.read'], { path: '/order_id', op: 'eq', value: `n${i}` }),
  )
  assert.match(told(many, 'orders.read', args({ order_id: '1' })).nearest, /n2 and 57 more$/)
})

test('location and action are compared byte by byte', () => {
  const values = args({ order_id: '1042' })
  for (const location of [
    `${ORDERS}/`,
    ORDERS.toUpperCase(),
    'https://gw.example/order',
    `${ORDERS}?`,
  ])
    assert.ok(
      !covers([READ], { location, action: 'orders.read', arguments: values }, () => 'string')
        .covered,
    )
  for (const action of ['orders.Read', 'orders.read ', 'orders', 'orders.*'])
    assert.ok(
      !covers([READ], { location: ORDERS, action, arguments: values }, () => 'string').covered,
    )
})

test('a bound on an argument of another shape does not hold', () => {
  const one = (value: TypedValue) =>
    covers(
      [READ],
      { location: ORDERS, action: 'orders.read', arguments: args({ order_id: value }) },
      kindOf,
    ).covered
  assert.ok(one({ kind: 'string', value: '1042' }))
  assert.ok(!one({ kind: 'integer', text: '1042' }))
  assert.ok(!one({ kind: 'set', items: [{ kind: 'string', value: '1042' }] }))
  assert.ok(!one({ kind: 'record', fields: args({ order_id: '1042' }) }))
})

test('a bound reaches into records, with escapes as RFC 6901 has them', () => {
  const city = detail(
    ['orders.read'],
    { path: '/to/city', op: 'in', value: ['Rome', 'Oslo'] },
    { path: '/a~1b', op: 'prefix', value: 'x' },
  )
  const at = (to: TypedValue) =>
    covers(
      [city],
      { location: ORDERS, action: 'orders.read', arguments: args({ to, 'a/b': 'xy' }) },
      kindOf,
    ).covered
  assert.ok(at({ kind: 'record', fields: args({ city: 'Oslo' }) }))
  assert.ok(!at({ kind: 'record', fields: args({ city: 'Bonn' }) }))
  assert.ok(!at({ kind: 'string', value: 'Oslo' }))
  const beside = args({ to: 'x', city: 'Oslo', 'a/b': 'xy' })
  assert.ok(
    !covers([city], { location: ORDERS, action: 'orders.read', arguments: beside }, kindOf).covered,
  )
  assert.ok(!at({ kind: 'set', items: [{ kind: 'record', fields: args({ city: 'Oslo' }) }] }))
})

test('a path prefix is whole segments, and dot segments lead nowhere', () => {
  const under = (prefix: string, file: string) =>
    covers(
      [detail(['files.get'], { path: '/file', op: 'prefix', value: prefix })],
      { location: ORDERS, action: 'files.get', arguments: args({ file }) },
      kindOf,
    ).covered
  assert.ok(under('/public/', '/public/a.txt'))
  assert.ok(!under('/public/', '/public'))
  assert.ok(!under('/public', '/public/a.txt'))
  for (const file of [
    '/public/../secret',
    '/public/%2e%2e/secret',
    '/public/..\\secret',
    '/public/./a',
    '/public/..',
  ])
    assert.ok(!under('/public/', file), file)
  assert.ok(!under('/public/../', '/public/../secret'))
})

test('a bound on an argument that the catalog has not typed never holds', () => {
  assert.ok(
    !covers(
      [READ],
      { location: ORDERS, action: 'orders.read', arguments: args({ order_id: '1042' }) },
      () => undefined,
    ).covered,
  )
})

test('a bound that does not fit the catalog is told to whoever wrote it', () => {
  assert.equal(misfit([READ, REFUND], kindOf), undefined)
  assert.equal(
    misfit([detail(['orders.read'], { path: '/oder_id', op: 'eq', value: '1' })], kindOf),
    'orders.read has no typed argument oder_id',
  )
  assert.equal(
    misfit([detail(['orders.refund'], { path: '/amount', op: 'lte', value: '1e3' })], kindOf),
    'amount ≤ 1e3 does not fit orders.refund, where amount is a decimal',
  )
  assert.ok(misfit([detail(['orders.read'], { path: '/note', op: 'gte', value: 'a' })], kindOf))
  assert.ok(
    misfit([detail(['orders.read'], { path: '/file', op: 'prefix', value: '/public' })], kindOf),
  )
})
