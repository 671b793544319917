import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { domainHash } from './domain-hash.ts'
import { parseJson } from './json.ts'

test('it is SHA-256 over domain, a zero byte and the canonical form', () => {
  const expected = createHash('sha256')
    .update('remit/call/v1\0{"a":1,"b":[2.50]}')
    .digest('base64url')
  assert.equal(domainHash('remit/call/v1', parseJson('{ "b": [2.50], "a": 1 }')), expected)
  // Pinned: approvals and ledgers in the field hold such values.
  assert.equal(domainHash('remit/call/v1', {}), 'ZsLytTpGCh8SfrkKYIb6Ed8uornOF4MWLIc6RdfXwiQ')
})

test('the same value in another domain has another hash', () => {
  assert.notEqual(domainHash('remit/call/v1', {}), domainHash('remit/answer/v1', {}))
  assert.notEqual(domainHash('remit/call/v1', {}), domainHash('remit/call/v2', {}))
})

test('a value that differs in one digit of a number has another hash', () => {
  assert.notEqual(
    domainHash('remit/call/v1', parseJson('{"amount":900.00}')),
    domainHash('remit/call/v1', parseJson('{"amount":900.0}')),
  )
})
