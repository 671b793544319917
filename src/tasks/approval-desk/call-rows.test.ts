import assert from 'node:assert/strict'
import { it } from 'node:test'
import { frozenText } from '../../approvals/access-requests/index.ts'
import { aCall } from '../../approvals/approvals/testing.ts'
import type { Canonical } from '../../platform/lib/canonical-json.ts'
import { ExactNumber } from '../../platform/lib/json.ts'
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

it('a header that the API obeys has a line; one about the form of the answer has none', () => {
  const headers = [
    ['accept', 'application/json'],
    ['accept-language', 'de'],
    ['idempotency-key', 'k1'],
    ['if-match', '"v1"'],
    ['prefer', 'handling=lenient'],
  ] as const
  const rows = callRows(frozenText(aCall({ headers, body: { kind: 'none' } })))
  assert.deepEqual(rows.slice(1), [
    { place: 'header', name: 'idempotency-key', value: { text: 'k1' } },
    { place: 'header', name: 'if-match', value: { text: '"v1"' } },
    { place: 'header', name: 'prefer', value: { text: 'handling=lenient' } },
  ])
})

it('a message of MCP is a tool and its arguments, and nothing of it is left out', () => {
  const rows = (method: string, path: string, value: Canonical) =>
    callRows(frozenText(aCall({ method, path, body: { kind: 'json', value } })))
  const to = { place: 'argument', name: 'to', value: { text: 'a@shop.example' } }
  const tool = { place: 'request', name: 'Tool', value: { text: 'send_message' } }
  const given = { to: 'a@shop.example' }
  assert.deepEqual(rows('tools/call', 'send_message', { name: 'send_message', arguments: given }), [
    tool,
    to,
  ])
  assert.deepEqual(
    rows('tools/call', 'send_message', { name: 'other', arguments: [1], more: true }),
    [
      tool,
      { place: 'argument', name: 'arguments', value: { json: '[1]' } },
      { place: 'argument', name: 'more', value: { json: 'true' } },
      { place: 'argument', name: 'name', value: { text: 'other' } },
    ],
  )
  assert.deepEqual(rows('resources/read', '*', { uri: 'note://1' }), [
    { place: 'request', name: 'Resources', value: { text: '*' } },
    { place: 'argument', name: 'uri', value: { text: 'note://1' } },
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
