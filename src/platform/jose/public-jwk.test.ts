import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint } from 'jose'
import { importPublicJwk } from './public-jwk.ts'

const pairs = {
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: generateKeyPairSync('ed25519'),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const p256 = pairs.p256.publicKey.export({ format: 'jwk' })
const ed25519 = pairs.ed25519.publicKey.export({ format: 'jwk' })
const rsa = pairs.rsa.publicKey.export({ format: 'jwk' })

test('keys of every accepted kind import, with the thumbprint that jose computes', async () => {
  for (const { publicKey } of Object.values(pairs)) {
    const jwk = publicKey.export({ format: 'jwk' })
    const imported = importPublicJwk(jwk)
    assert.ok(imported.key.equals(publicKey))
    assert.equal(imported.thumbprint, await calculateJwkThumbprint(jwk))
  }
})

test('the example of RFC 7638 has the thumbprint given there', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  const jwk = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
  assert.equal(importPublicJwk(jwk).thumbprint, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test('what only describes a key changes nothing', () => {
  const described = { ...p256, kid: 'k', use: 'sig', alg: 'ES256', key_ops: ['verify'], x5t: 'abc' }
  assert.equal(importPublicJwk(described), importPublicJwk(p256), 'the same import, remembered')
})

const { y: _, ...withoutY } = p256
const off = Buffer.from(String(p256.y), 'base64url').map((byte, i) => (i === 31 ? byte ^ 1 : byte))
const REFUSED: Record<string, unknown> = {
  nothing: undefined,
  text: 'key',
  list: [p256],
  'a private EC key': pairs.p256.privateKey.export({ format: 'jwk' }),
  'a private Ed25519 key': pairs.ed25519.privateKey.export({ format: 'jwk' }),
  'a private RSA key': pairs.rsa.privateKey.export({ format: 'jwk' }),
  'an empty private member': { ...p256, d: '' },
  'a symmetric key': { kty: 'oct', k: 'AAAA' },
  'a symmetric member': { ...p256, k: 'AAAA' },
  'a missing coordinate': withoutY,
  'another curve': generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({
    format: 'jwk',
  }),
  'an agreement key': generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }),
  'a point off the curve': { ...p256, y: Buffer.from(off).toString('base64url') },
  'a short coordinate': { ...p256, x: String(p256.x).slice(2) },
  'a padded coordinate': { ...p256, x: `${p256.x}=` },
  'a coordinate with trailing bits': { ...ed25519, x: `${'A'.repeat(42)}B` },
  'a coordinate that is a number': { ...p256, x: 1 },
  'a coordinate that closes its string': { ...p256, x: `${p256.x}","y":"${p256.y}` },
  'a small RSA key': generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
    format: 'jwk',
  }),
  'a modulus with leading zeros': { ...rsa, n: `AAAA${rsa.n}` },
  'the exponent 1': { ...rsa, e: 'AQ' },
  'EC with the kind of another': { ...p256, kty: 'OKP' },
}

for (const [name, jwk] of Object.entries(REFUSED)) {
  test(`${name} is refused`, () => {
    assert.throws(() => importPublicJwk(jwk), { code: 'keys.unacceptable_jwk' })
    assert.throws(
      () => importPublicJwk(jwk),
      { code: 'keys.unacceptable_jwk' },
      'also the second time',
    )
  })
}

test('a refusal does not repeat the private key', () => {
  const jwk = pairs.p256.privateKey.export({ format: 'jwk' })
  assert.throws(
    () => importPublicJwk(jwk),
    (error) => !String(error).includes(String(jwk.d)),
  )
})
