import assert from 'node:assert/strict'
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { weaknessOf } from './key-strength.ts'

/** Makes a public RSA key of any numbers. */
function rsa(modulus: bigint, exponent = 65_537n) {
  const text = (number: bigint) => {
    const hex = number.toString(16)
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString(
      'base64url',
    )
  }
  return createPublicKey({
    key: { kty: 'RSA', n: text(modulus), e: text(exponent) },
    format: 'jwk',
  })
}

const modulus = (bits: number) => (1n << BigInt(bits - 1)) + 1n

test('RSA keys have 2048 to 8192 bits, and an odd exponent from 3', () => {
  for (const bits of [2048, 8192]) assert.equal(weaknessOf(rsa(modulus(bits))), undefined)
  assert.match(weaknessOf(rsa(modulus(2047))) ?? '', /2048 bits at least/)
  assert.match(weaknessOf(rsa(modulus(8193))) ?? '', /8192 bits at most/)
  assert.equal(weaknessOf(rsa(modulus(2048), 3n)), undefined)
  for (const exponent of [1n, 4n, 65_536n])
    assert.match(weaknessOf(rsa(modulus(2048), exponent)) ?? '', /exponent/)
})

test('a modulus that looks like one of a weak chip by some primes only is not one', () => {
  // 1 by every divisor of 24, and 2 by 11: powers of 65537 leave 1 and 10 there.
  let like = (1n << 2047n) - ((1n << 2047n) % 24n) + 25n
  while (like % 11n !== 2n) like += 24n
  assert.equal(weaknessOf(rsa(like)), undefined)
  assert.match(weaknessOf(rsa(65_537n ** 128n)) ?? '', /ROCA/)
})

test('a key for PSS alone has the same bounds', () => {
  const pss = (modulusLength: number) => generateKeyPairSync('rsa-pss', { modulusLength }).publicKey
  assert.equal(weaknessOf(pss(2048)), undefined)
  assert.match(weaknessOf(pss(1024)) ?? '', /2048 bits at least/)
})

test('curves of NIST and Edwards keys are strong, other keys are not', () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521'])
    assert.equal(weaknessOf(generateKeyPairSync('ec', { namedCurve }).publicKey), undefined)
  for (const { publicKey } of [generateKeyPairSync('ed25519'), generateKeyPairSync('ed448')])
    assert.equal(weaknessOf(publicKey), undefined)
  const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
  assert.match(weaknessOf(koblitz) ?? '', /none of the curves/)
  for (const key of [createSecretKey(Buffer.alloc(32)), generateKeyPairSync('x25519').publicKey])
    assert.match(weaknessOf(key) ?? '', /neither/)
})
