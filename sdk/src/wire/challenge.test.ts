import assert from 'node:assert/strict'
import { it } from 'node:test'
import { challengesOf } from './challenge.ts'

const read = (header: string | null) =>
  challengesOf(header).map(({ parameters, scheme }) => [scheme, Object.fromEntries(parameters)])

it('reads every challenge of a header', () => {
  assert.deepEqual(read(null), [])
  assert.deepEqual(read(''), [])
  assert.deepEqual(read('Bearer'), [['bearer', {}]])
  assert.deepEqual(read('Bearer realm="a, b", Error=invalid_token , DPoP algs="ES256 EdDSA"'), [
    ['bearer', { realm: 'a, b', error: 'invalid_token' }],
    ['dpop', { algs: 'ES256 EdDSA' }],
  ])
  assert.deepEqual(read('DPoP resource_metadata="https://a.example/x?y=1", error="x"'), [
    ['dpop', { resource_metadata: 'https://a.example/x?y=1', error: 'x' }],
  ])
  assert.deepEqual(read('Basic realm="quoted \\" mark"'), [['basic', { realm: 'quoted " mark' }]])
})

it('takes nothing out of a quoted text', () => {
  assert.deepEqual(read('Basic realm="DPoP error=\\"use_dpop_nonce\\""'), [
    ['basic', { realm: 'DPoP error="use_dpop_nonce"' }],
  ])
})

it('ends, whatever it is given', () => {
  for (const header of [
    '"',
    ',,,,',
    'DPoP error="',
    '='.repeat(9),
    `${' '.repeat(50_000)}=`,
    `DPoP ${'a '.repeat(50_000)}`,
    `DPoP ${'a="\\'.repeat(20_000)}`,
  ])
    assert.ok(challengesOf(header).length <= 50_001)
})
