import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandFailure } from './failure.ts'
import { type LimitJson, limitLine, readLimit } from './limit.ts'

test('a limit counts calls or adds up an argument, for ever or in any so long; its amount stays text', () => {
  assert.deepEqual(readLimit('calls=20'), { limit: 'calls', max: 20 })
  assert.deepEqual(readLimit('calls=20/90s'), { limit: 'calls', max: 20, seconds: 90 })
  assert.deepEqual(readLimit('orders.refund=5/1h'), {
    ...{ limit: 'calls', max: 5, action: 'orders.refund', seconds: 3600 },
  })
  const refunds = { limit: 'sum', action: 'orders.refund', path: '/amount', max: '500.00' }
  assert.deepEqual(readLimit('orders.refund/amount=500.00'), refunds)
  assert.deepEqual(readLimit('orders.refund/amount=500.00/1d'), { ...refunds, seconds: 86_400 })
  assert.deepEqual(readLimit('a.b/c/d=1'), { limit: 'sum', action: 'a.b', path: '/c/d', max: '1' })
  for (const given of [
    'calls',
    'calls=0',
    'calls=x',
    'calls=1.5',
    'calls=5/',
    'calls=5/1y',
    'calls=5/0h',
    'calls=5/1h/1h',
    'orders.refund=5.0',
    '/amount=5',
    'a/b=',
    'a/b=-1',
  ])
    assert.throws(
      () => readLimit(given),
      (error) => error instanceof CommandFailure && error.exit === 2 && error.next.length > 0,
      given,
    )
})

test('a limit in words says what it counts, in which time, and what is used', () => {
  const line = (limit: LimitJson) => limitLine(limit).render(false)
  assert.equal(line({ kind: 'calls', most: '20' }), '20 calls')
  assert.equal(line({ kind: 'calls', most: '20', used: '3' }), '3 of 20 calls used')
  assert.equal(
    line({ kind: 'calls', most: '20', used: '3', action: 'orders.refund', seconds: 3600 }),
    '3 of 20 calls of orders.refund in any 1 h used',
  )
  const sum = { kind: 'sum', action: 'orders.refund', path: '/amount', most: '60.00' } as const
  assert.equal(
    line({ ...sum, used: '40.00', seconds: 86_400 }),
    '40.00 of 60.00 used, adding up amount of orders.refund in any 1 d',
  )
})

test('a limit on answers says what is reserved of it', () => {
  assert.deepEqual(readLimit('rows:crm.search/customers=5000/1d,reserve=/limit'), {
    ...{ limit: 'rows', action: 'crm.search', path: '/customers', max: 5000 },
    ...{ reserve: '/limit', seconds: 86_400 },
  })
  assert.deepEqual(readLimit('rows:crm.list=500,reserve=100'), {
    ...{ limit: 'rows', action: 'crm.list', path: '', max: 500, reserve: 100 },
  })
  assert.deepEqual(readLimit('charged:orders.charge/total=500.00,reserve=50.00'), {
    ...{ limit: 'charged', action: 'orders.charge', path: '/total', max: '500.00' },
    reserve: '50.00',
  })
  for (const given of [
    'rows:crm.search/customers=5000',
    'rows:crm.search/customers=5000,reserve=',
    'rows:crm.search/customers=5.5,reserve=1',
    'rows:crm.search/customers=5,reserve=1.5',
    'rows:calls=5,reserve=1',
    'charged:orders.charge=5,reserve=1',
    'charged:orders.charge/total=5.00,reserve=x',
    'sum:orders.charge/total=5.00,reserve=1',
  ])
    assert.throws(() => readLimit(given), CommandFailure, given)
  const line = (limit: LimitJson) => limitLine(limit).render(false)
  const rows = { kind: 'rows', action: 'crm.search', path: '/customers', most: '50' } as const
  assert.equal(
    line({ ...rows, reserve: '/limit', used: '3' }),
    '3 of 50 used, counting customers in answers of crm.search, its limit reserved for each call',
  )
  const charged = { kind: 'charged', action: 'a.b', path: '/fee', most: '5.00' } as const
  assert.equal(
    line({ ...charged, reserve: '0.50', seconds: 3600 }),
    '5.00, adding up fee in answers of a.b, 0.50 reserved for each call in any 1 h',
  )
})
