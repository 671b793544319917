import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Algorithm, derOf, fits, rawOf, signData, verifySignature } from './signature.ts'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed25519 = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
const data = Buffer.from('data')

const RAW = fc.uint8Array({ minLength: 64, maxLength: 64 })
/** Numbers with leading zeros and set top bits, where DER changes length. */
const ODD_RAW = fc
  .tuple(fc.constantFrom(0, 1, 2, 31, 32), fc.constantFrom(0, 1, 31, 32), RAW)
  .map(([rZeros, sZeros, raw]) => raw.fill(0, 0, rZeros).fill(0, 32, 32 + sZeros))

test('r ‖ s becomes DER and comes back the same', () => {
  fc.assert(
    fc.property(fc.oneof(RAW, ODD_RAW), (raw) =>
      assert.deepEqual(new Uint8Array(rawOf(derOf(raw))), raw),
    ),
  )
})

test('the DER form is minimal: lengths add up and no integer is negative or padded without need', () => {
  fc.assert(
    fc.property(fc.oneof(RAW, ODD_RAW), (raw) => {
      const der = derOf(raw)
      assert.equal(der[0], 0x30)
      assert.equal(der[1], der.byteLength - 2)
      const rLength = der[3] ?? 0
      for (const integer of [der.subarray(4, 4 + rLength), der.subarray(6 + rLength)]) {
        assert.ok(((integer[0] ?? 0xff) & 0x80) === 0)
        assert.ok(integer.byteLength === 1 || integer[0] !== 0 || ((integer[1] ?? 0) & 0x80) !== 0)
      }
    }),
  )
})

test('ES256 agrees with the platform in its own raw form, both ways, 300 times', async () => {
  const raw = { key: p256.privateKey, dsaEncoding: 'ieee-p1363' } as const
  for (let i = 0; i < 300; i++) {
    const message = Buffer.from(`message ${i}`)
    assert.ok(await verifySignature('ES256', p256.publicKey, message, sign('sha256', message, raw)))
    const ours = await signData('ES256', p256.privateKey, message)
    assert.equal(ours.byteLength, 64)
    assert.ok(verify('sha256', message, { ...raw, key: p256.publicKey }, ours))
  }
})

test('a signature of zeros, of the group order, or of another length does not verify', async () => {
  const order = Buffer.from(
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    'hex',
  )
  const good = await signData('ES256', p256.privateKey, data)
  const der = derOf(good)
  for (const bad of [
    Buffer.alloc(64),
    Buffer.concat([order, order]),
    good.subarray(0, 63),
    der,
    Buffer.alloc(0),
  ])
    assert.equal(await verifySignature('ES256', p256.publicKey, data, bad), false)
})

test('Ed25519, PS256 and RS256 verify what the platform signs, and no other data', async () => {
  const pss = { key: rsa.privateKey, padding: 6, saltLength: 32 }
  const cases: [Algorithm, typeof rsa.publicKey, Buffer][] = [
    ['Ed25519', ed25519.publicKey, sign(null, data, ed25519.privateKey)],
    ['EdDSA', ed25519.publicKey, sign(null, data, ed25519.privateKey)],
    ['PS256', rsa.publicKey, sign('sha256', data, pss)],
    ['RS256', rsa.publicKey, sign('sha256', data, rsa.privateKey)],
  ]
  for (const [alg, key, signature] of cases) {
    assert.equal(await verifySignature(alg, key, data, signature), true, alg)
    assert.equal(await verifySignature(alg, key, Buffer.from('other'), signature), false, alg)
  }
  const rs256 = sign('sha256', data, rsa.privateKey)
  assert.equal(await verifySignature('PS256', rsa.publicKey, data, rs256), false)
})

test('an algorithm fits exactly the keys of its kind', () => {
  const keys = { p256, p384, ed25519, rsa, weakRsa }
  const expected: Record<Algorithm, string[]> = {
    ES256: ['p256'],
    Ed25519: ['ed25519'],
    EdDSA: ['ed25519'],
    PS256: ['rsa'],
    RS256: ['rsa'],
  }
  for (const alg of ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const) {
    const fitting = Object.entries(keys).filter(([, { publicKey }]) => fits(alg, publicKey))
    assert.deepEqual(
      fitting.map(([name]) => name),
      expected[alg],
    )
  }
})

test('a good signature does not count when the key is not one for the algorithm', async () => {
  const raw = { key: p384.privateKey, dsaEncoding: 'ieee-p1363' } as const
  const cases: [Algorithm, typeof rsa.publicKey, Buffer][] = [
    ['RS256', weakRsa.publicKey, sign('sha256', data, weakRsa.privateKey)],
    ['RS256', ed25519.publicKey, sign(null, data, ed25519.privateKey)],
    ['EdDSA', rsa.publicKey, sign('sha256', data, rsa.privateKey)],
    ['ES256', p384.publicKey, sign('sha256', data, raw)],
  ]
  for (const [alg, key, signature] of cases)
    assert.equal(await verifySignature(alg, key, data, signature), false)
})

test('what we sign with Ed25519 verifies, and a key that cannot sign is an error', async () => {
  const ours = await signData('Ed25519', ed25519.privateKey, data)
  assert.ok(verify(null, data, ed25519.publicKey, ours))
  for (const alg of ['ES256', 'Ed25519'] as const)
    await assert.rejects(signData(alg, generateKeyPairSync('x25519').privateKey, data))
})
