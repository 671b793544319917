import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerText, headerValue } from './revisions.ts'

test('a value goes through a header and comes back, whatever it is', () => {
  const encoded: Record<string, string> = {
    'us-west1': 'us-west1',
    'Hello, 世界': '=?base64?SGVsbG8sIOS4lueVjA==?=',
    ' padded ': '=?base64?IHBhZGRlZCA=?=',
    'line1\nline2': '=?base64?bGluZTEKbGluZTI=?=',
    '=?base64?literal?=': '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=',
    'a b\tc': 'a b\tc',
    '': '',
  }
  for (const [value, header] of Object.entries(encoded)) {
    assert.equal(headerValue(value), header)
    assert.equal(headerText(header), value)
  }
})

test('a header that only looks encoded has no text', () => {
  for (const header of ['=?base64?c2F6?', '=?BASE64?c2F5?=', 'x=?base64?c2F5?='])
    assert.equal(headerText(header), header)
  for (const header of [
    '=?base64?c2E=eQ==?=',
    '=?base64?c2F5IA?=',
    '=?base64?/w==?=',
    '=?base64?literal?=',
    '=?base64?c2Fz=?=',
  ])
    assert.equal(headerText(header), header === '=?base64?c2E=eQ==?=' ? header : undefined, header)
})
