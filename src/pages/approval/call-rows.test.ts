import assert from 'node:assert/strict'
import { it } from 'node:test'
import { frozenText } from '../../approvals/index.ts'
import { aCall } from '../../approvals/testing.ts'
import { ExactNumber } from '../../lib/json.ts'
import { callRows, isUninspectable } from './call-rows.ts'

it('every part of a call that is sent has a line, and numbers keep their text', () => {
  const call = frozenText(
    aCall({
      query: [
        ['notify', 'yes'],
        ['notify', 'no'],
      ],
      body: {
        kind: 'json',
        value: { amount: new ExactNumber('900.00'), lines: [1, { sku: 'a' }], note: null },
      },
    }),
  )
  assert.deepEqual(callRows(call), [
    { place: 'request', name: 'POST', value: { text: '/orders/1042/refunds' } },
    { place: 'query', name: 'notify', value: { text: 'yes' } },
    { place: 'query', name: 'notify', value: { text: 'no' } },
    { place: 'body', name: 'amount', value: { text: '900.00' } },
    { place: 'body', name: 'lines', value: { json: '[1,{"sku":"a"}]' } },
    { place: 'body', name: 'note', value: { json: 'null' } },
  ])
})

it('a body that is no object, no JSON, or not there is told apart', () => {
  const rows = (body: Parameters<typeof aCall>[0]) => callRows(frozenText(aCall(body))).slice(1)
  assert.deepEqual(rows({ body: { kind: 'none' } }), [])
  assert.deepEqual(rows({ body: { kind: 'json', value: 'all' } }), [
    { place: 'body', name: 'value', value: { text: 'all' } },
  ])
  const digest = { body: { kind: 'digest', digest: 'abc' } } as const
  assert.deepEqual(
    rows(digest).map(({ value }) => value),
    [{ text: 'abc' }],
  )
  assert.equal(isUninspectable(frozenText(aCall(digest))), true)
  assert.equal(isUninspectable(frozenText(aCall())), false)
})
