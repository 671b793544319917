import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { keyRing } from '../../platform/keys/seal/key-ring.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { CHALLENGE_LIFE_MS, describeCredential, issueChallenge, openTicket } from './challenge.ts'
import { ALGORITHMS, publicJwk } from './verify-assertion.ts'

const NOW = Date.UTC(2026, 0, 1)
const parts = {
  clock: manualClock(NOW),
  master: keyRing([new Uint8Array(32).fill(7)], systemRandom),
  random: systemRandom,
}
const later = (ms: number) => ({ ...parts, clock: manualClock(NOW + ms) })
const over = { code: 'passkey.challenge_over' }

test('a ticket opens for what it was made for, until its time is over', () => {
  const ticket = issueChallenge(parts, 'answer/apr_1')
  const { nonce, issuedAt } = ticket
  for (const ms of [0, CHALLENGE_LIFE_MS])
    assert.deepEqual(openTicket(later(ms), 'answer/apr_1', ticket.text), { nonce, issuedAt })
  for (const ms of [-1, CHALLENGE_LIFE_MS + 1])
    assert.throws(() => openTicket(later(ms), 'answer/apr_1', ticket.text), over)
  assert.throws(() => openTicket(parts, 'answer/apr_2', ticket.text), over)
})

test('what is no ticket of ours opens for nothing', () => {
  const { text } = issueChallenge(parts, 'a')
  for (const bad of ['', '!', 'AAAA', `${text}A`, text.slice(0, -4), text.repeat(9)])
    assert.throws(() => openTicket(parts, 'a', bad), over, bad)
})

test('a ticket has up to 512 characters', () => {
  const opened: number[] = []
  const master = {
    ...parts.master,
    open: (sealed: Uint8Array) => {
      opened.push(sealed.byteLength)
      return Buffer.from(JSON.stringify({ nonce: 'n', issuedAt: NOW }))
    },
  }
  assert.equal(openTicket({ ...parts, master }, 'a', 'A'.repeat(512)).nonce, 'n')
  assert.throws(() => openTicket({ ...parts, master }, 'a', 'A'.repeat(514)), over)
  assert.throws(() => openTicket({ ...parts, master }, 'a', ''), over)
  assert.deepEqual(opened, [384])
})

test('a mistake of the master key is no ticket that is over', () => {
  const master = {
    ...parts.master,
    open: () => {
      throw new TypeError('the ring is broken')
    },
  }
  assert.throws(() => openTicket({ ...parts, master }, 'a', 'AAAA'), TypeError)
})

test('a credential without known ways has none', () => {
  const passkey = (transports: string) =>
    describeCredential({ ...KEPT, credentialId: 'AAAA', transports })
  assert.deepEqual(passkey(''), { type: 'public-key', id: 'AAAA', transports: [] })
  assert.deepEqual(passkey('usb internal').transports, ['usb', 'internal'])
})

const KEPT = {
  id: 'pky_AAAAAAAAAAAAAAAAAAAAAA',
  personId: 'psn_AAAAAAAAAAAAAAAAAAAAAA',
  publicKey: new Uint8Array(),
  counter: 0,
  name: 'Phone',
  createdAt: NOW,
  lastUsedAt: null,
  removedAt: null,
} as const

/** Writes a COSE_Key (RFC 9053): a map with small integers as names. */
function coseKey(members: readonly (readonly [number, number | Uint8Array])[]): Uint8Array {
  const head = (major: number, size: number) => {
    if (size < 24) return Buffer.from([major | size])
    return size < 256
      ? Buffer.from([major | 0x18, size])
      : Buffer.from([major | 0x19, size >> 8, size & 0xff])
  }
  const integer = (value: number) => (value < 0 ? head(0x20, -1 - value) : head(0, value))
  const bytes = (value: Uint8Array) => Buffer.concat([head(0x40, value.length), value])
  const written = members.flatMap(([name, value]) => [
    integer(name),
    typeof value === 'number' ? integer(value) : bytes(value),
  ])
  return Buffer.concat([Buffer.from([0xa0 | members.length]), ...written])
}

const X = new Uint8Array(32).fill(1)
const Y = new Uint8Array(32).fill(2)

test('passkeys are asked for by their COSE numbers: ES256, EdDSA, RS256', () => {
  assert.deepEqual(ALGORITHMS, [-7, -8, -257])
})

test('keys of P-256, Ed25519 and RSA become JWKs, and others are refused', async () => {
  const text = { x: base64url(X), y: base64url(Y) }
  const ec = (crv: number) =>
    coseKey([
      [1, 2],
      [3, -7],
      [-1, crv],
      [-2, X],
      [-3, Y],
    ])
  assert.deepEqual(await publicJwk(ec(1)), { kty: 'EC', crv: 'P-256', ...text })
  const okp = (crv: number) =>
    coseKey([
      [1, 1],
      [3, -8],
      [-1, crv],
      [-2, X],
    ])
  assert.deepEqual(await publicJwk(okp(6)), { kty: 'OKP', crv: 'Ed25519', x: text.x })
  const { n = '', e = '' } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
  }).publicKey.export({ format: 'jwk' })
  const rsa = coseKey([
    [1, 3],
    [3, -257],
    [-1, Buffer.from(n, 'base64url')],
    [-2, Buffer.from(e, 'base64url')],
  ])
  assert.deepEqual(await publicJwk(rsa), { kty: 'RSA', n, e })
  for (const other of [
    ec(2),
    okp(4),
    coseKey([
      [1, 4],
      [3, 5],
    ]),
  ])
    await assert.rejects(publicJwk(other), { code: 'passkey.invalid' })
})
