import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { weaknessOf } from './key-strength.ts'
import { importPublicJwk } from './public-jwk.ts'
import { importVerificationJwk } from './verification-jwk.ts'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

test('a key counts for what its owner says it is for', () => {
  for (const said of [
    {},
    { use: 'sig' },
    { key_ops: ['verify'] },
    { use: 'sig', key_ops: ['sign', 'verify'], alg: 'ES256' },
  ])
    assert.equal(
      importVerificationJwk({ ...p256, ...said }).alg,
      'alg' in said ? 'ES256' : undefined,
    )
  for (const said of [
    { use: 'enc' },
    { use: 'jwt-svid' },
    { use: null },
    { use: ['sig'] },
    { key_ops: [] },
    { key_ops: 'verify' },
    { key_ops: ['sign'] },
    { key_ops: ['deriveKey', 'deriveBits'] },
    { key_ops: ['verify', 'verify'] },
    { alg: 'ECDH-ES' },
    { alg: 'RS256' },
    { alg: 'none' },
    { alg: null },
  ])
    assert.throws(() => importVerificationJwk({ ...p256, ...said }), {
      code: 'keys.unacceptable_jwk',
    })
  assert.ok(importVerificationJwk({ ...p256, use: 'jwt-svid' }, 'jwt-svid'))
})

test('keys that can be computed, or are on weak curves, count for nobody', () => {
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey
  for (const name of ['prime192v1', 'secp224r1', 'secp256k1', 'brainpoolP256r1'])
    assert.match(weaknessOf(curve(name)) ?? '', /curves/, name)
  for (const name of ['prime256v1', 'secp384r1', 'secp521r1'])
    assert.equal(weaknessOf(curve(name)), undefined, name)
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey
  assert.match(weaknessOf(rsa(1024)) ?? '', /2048 bits/)
  assert.equal(weaknessOf(rsa(2048)), undefined)
  // Nothing but the numbers is looked at: nobody has to have such a key.
  const odd = (bytes: number, e: string) => {
    const n = Buffer.alloc(bytes, 0xff).toString('base64url')
    return weaknessOf(createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })) ?? ''
  }
  assert.match(odd(1025, 'AQAB'), /8192 bits at most/)
  assert.equal(odd(1024, 'AQAB'), '')
  for (const e of ['AQ', 'Ag', 'AQAA']) assert.match(odd(256, e), /exponent/, e)
  const dsa = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).publicKey
  assert.match(weaknessOf(dsa) ?? '', /neither/)
  assert.match(weaknessOf(generateKeyPairSync('x25519').publicKey) ?? '', /neither/)
})

/** A modulus that leaves remainders as those of the chips do: a power of 65537 for every small prime. */
function rocaModulus(): string {
  const isPrime = (n: number) => Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => n % d)
  const product = Array.from({ length: 165 }, (_, i) => i + 3)
    .filter(isPrime)
    .reduce((all, prime) => all * BigInt(prime), 1n)
  let power = 1n
  for (let i = 0; i < 1_234; i++) power = (power * 65_537n) % product
  const least = 1n << 2047n
  const modulus = least - (least % product) + product + power
  return Buffer.from((modulus % 2n ? modulus : modulus + product).toString(16), 'hex').toString(
    'base64url',
  )
}

test('a modulus of a chip with the ROCA flaw is refused, as a JWK and as a key', () => {
  const jwk = { kty: 'RSA', n: rocaModulus(), e: 'AQAB' }
  assert.match(weaknessOf(createPublicKey({ key: jwk, format: 'jwk' })) ?? '', /ROCA/)
  assert.throws(() => importPublicJwk(jwk), { code: 'keys.unacceptable_jwk', detail: /ROCA/ })
})
