import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, parseJson } from '../../platform/lib/json.ts'
import { keptOf } from './record.ts'

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzYW0ifQ.c2ln'
const SECRET = 'pep_0123456789abcdef'

function kept(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const body = parseJson(bytes)
  assert.ok(isObject(body))
  return Object.keys(keptOf({ body, bytes }))
}

test('a request that brings a credential is kept as its digest only, however that is spelled', () => {
  for (const text of [
    '{"context":{"access_token":"opaque"}}',
    '{"context":{"access\\u005ftoken":"opaque"}}',
    '{"context":{"dpop" :"proof"}}',
    `{"context":{"anything":["${JWT}"]}}`,
    `{"context":{"anything":"\\u0065${JWT.slice(1)}"}}`,
    `{"${SECRET}":1}`,
    `{"note":"it is \\u0070${SECRET.slice(1)}"}`,
  ])
    assert.deepEqual(kept(text), ['request_digest'], text)
})

test('any other request is kept as it came, also one that only speaks of credentials', () => {
  for (const text of [
    '{"subject":{"type":"user","id":"alice"}}',
    '{"note":"access_token"}',
    '{"note":"a \\"dpop\\" header"}',
    '{"eyJ":"not.a.token"}',
  ])
    assert.deepEqual(kept(text), ['request'], text)
})
