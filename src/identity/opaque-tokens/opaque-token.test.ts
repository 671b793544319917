import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64url, sha256url } from '../../platform/lib/bytes.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { newOpaqueToken, opaqueDigest } from './opaque-token.ts'

test('a token has its kind and 256 bits, and is found by its digest', () => {
  const { token, digest } = newOpaqueToken('remit_rt', systemRandom)
  assert.match(token, /^remit_rt_[A-Za-z0-9_-]{43}$/)
  assert.equal(digest, sha256url(token))
  assert.equal(opaqueDigest('remit_rt', token), digest)
  assert.notEqual(newOpaqueToken('remit_rt', systemRandom).token, token)
})

test('what does not look like a token of this kind has no digest', () => {
  const { token } = newOpaqueToken('remit_rt', systemRandom)
  const bits = (bytes: number) => `remit_rt_${base64url(new Uint8Array(bytes))}`
  assert.ok(opaqueDigest('remit_rt', bits(32)))
  for (const other of [
    '',
    'remit_rt_',
    bits(31),
    bits(33),
    ` ${token}`,
    `${token}=`,
    token.slice(9),
  ])
    assert.equal(opaqueDigest('remit_rt', other), undefined, other)
  assert.equal(opaqueDigest('remit_at', token), undefined)
  assert.equal(opaqueDigest('remit_rt', `remit-rt-${token.slice(9)}`), undefined)
})
