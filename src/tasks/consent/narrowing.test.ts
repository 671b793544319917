import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Detail } from '@remit/engine'
import { type ActionFacts, choicesOf, groupOf, isRisky, narrowed } from './narrowing.ts'

const READ: Detail = {
  type: 'remit_call',
  locations: ['https://gw.example/orders'],
  actions: ['orders.read'],
  bounds: [{ path: '/order_id', op: 'eq', value: '1042' }],
}
const REFUND: Detail = {
  ...READ,
  actions: ['orders.refund'],
  bounds: [
    { path: '/amount', op: 'lte', value: '1000.00' },
    { path: '/currency', op: 'in', value: ['EUR', 'USD'] },
  ],
}
const known: ActionFacts = {
  limitsOf: (_location, action) => (action === 'orders.refund' ? ['/amount', '/fee'] : []),
  riskOf: (action) => (action === 'orders.refund' ? 'high' : 'low'),
  isReading: (action) => action === 'orders.read',
}

/** The form as it is sent when nothing was touched. */
const UNTOUCHED = {
  'detail-0': 'yes',
  'detail-1': 'yes',
  'bound-1-0': '1000.00',
  'bound-1-1-0': 'yes',
  'bound-1-1-1': 'yes',
  'limit-1-/fee': '',
}

function sent(change: Record<string, string | undefined> = {}): readonly Detail[] {
  const fields = Object.entries({ ...UNTOUCHED, ...change }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return narrowed([READ, REFUND], known, new Map(fields))
}

it('a form that was not touched leaves everything as it was asked', () => {
  assert.deepEqual(sent(), [READ, REFUND])
})

it('what is not ticked is not granted', () => {
  assert.deepEqual(sent({ 'detail-1': undefined }), [READ])
  assert.deepEqual(sent({ 'detail-0': undefined, 'detail-1': undefined }), [])
})

it('what is left out as a group, or changes something where only reading is allowed, is not granted', () => {
  const [read, refund] = choicesOf([READ, REFUND], known)
  assert.ok(read && refund)
  assert.deepEqual([isRisky(read), isRisky(refund)], [false, true])
  assert.notEqual(groupOf(read), groupOf(refund))
  assert.deepEqual(sent({ [groupOf(read)]: 'yes' }), [REFUND])
  assert.deepEqual(sent({ answer: 'read' }), [READ])
  const handOn: Detail = { ...READ, type: 'remit_delegate' }
  const both = choicesOf([READ, handOn], known)
  assert.notEqual(...(both.map(groupOf) as [string, string]), 'to do and to hand on are apart')
  const fields = new Map([
    ['detail-0', 'yes'],
    ['detail-1', 'yes'],
    ['answer', 'read'],
  ] as const)
  assert.deepEqual(narrowed([READ, handOn], known, fields), [READ])
})

it('bounds take the values of the form, and new limits are added', () => {
  const [, refund] = sent({
    'bound-1-0': ' 50.00 ',
    'bound-1-1-1': undefined,
    'limit-1-/fee': '2',
  })
  assert.deepEqual(refund?.bounds, [
    { path: '/amount', op: 'lte', value: '50.00' },
    { path: '/currency', op: 'in', value: ['EUR'] },
    { path: '/fee', op: 'lte', value: '2' },
  ])
})

it('actions that the agent put together are taken or left one by one, and bounded one by one', () => {
  const both: Detail = { ...READ, actions: ['orders.read', 'orders.refund'] }
  const left = (fields: Record<string, string>) =>
    narrowed([both], known, new Map(Object.entries(fields)))
  assert.deepEqual(left({ 'detail-0': 'yes', 'detail-1': 'yes' }), [both], 'untouched: as asked')
  assert.deepEqual(left({ 'detail-0': 'yes' }), [READ])
  const limited = left({ 'detail-0': 'yes', 'detail-1': 'yes', 'limit-1-/amount': '50' })
  assert.deepEqual(limited, [
    READ,
    {
      ...READ,
      actions: ['orders.refund'],
      bounds: [...READ.bounds, { path: '/amount', op: 'lte', value: '50' }],
    },
  ])
})

it('more actions than anyone reads are left as they were put together', () => {
  const many: Detail = { ...READ, actions: Array.from({ length: 65 }, (_, i) => `orders.a${i}`) }
  assert.deepEqual(narrowed([many], known, new Map([['detail-0', 'yes']])), [many])
})

it('a list of values cannot be emptied into "any value"', () => {
  assert.throws(() => sent({ 'bound-1-1-0': undefined, 'bound-1-1-1': undefined }), {
    code: 'consent.nothing_granted',
  })
})

it('fields that were not asked about change nothing', () => {
  assert.deepEqual(
    sent({ 'bound-0-0': '2001', 'limit-0-/amount': '1', 'detail-2': 'yes', 'bound-1-7': 'x' }),
    [READ, REFUND],
  )
})
