import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { importPublicJwk } from '../../../platform/jose/index.ts'
import { manualClock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type KeyPair, keyPair } from '../../agents/testing.ts'
import { checkInstanceProof, type PossessionKind } from './possession.ts'
import { readShown, writeShown } from './shown.ts'

const clock = manualClock()
const seconds = () => Math.floor(clock.now() / 1000)
const expect = {
  issuer: 'https://remit.example',
  clock,
  challenges: { now: () => 'now', holds: (given: unknown) => given === 'now' },
}
const instance = keyPair()
const other = keyPair()
const known = importPublicJwk(instance.jwk)

function signed(
  kind: PossessionKind,
  over: { claims?: Record<string, unknown>; header?: Record<string, unknown>; by?: KeyPair } = {},
): Promise<string> {
  const combined = kind === 'dpop_combined'
  const claims = combined
    ? { htm: 'POST', htu: 'https://remit.example/oauth/token', nonce: 'now' }
    : { aud: expect.issuer, challenge: 'now' }
  const header = combined
    ? { typ: 'dpop+jwt', jwk: instance.jwk }
    : { typ: 'oauth-client-attestation-pop+jwt' }
  return new SignJWT({ ...claims, iat: seconds(), jti: 'j1', ...over.claims })
    .setProtectedHeader({ alg: 'ES256', ...header, ...over.header })
    .sign((over.by ?? instance).privateKey)
}

const code = async (kind: PossessionKind, proof: Promise<string>) =>
  checkInstanceProof({ kind, proof: await proof }, known, expect).then(
    () => 'holds',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )

test('a DPoP proof names the key of the attestation and is signed by it: one without the other is nothing', async () => {
  const kind = 'dpop_combined'
  assert.equal(await code(kind, signed(kind)), 'holds')
  for (const over of [
    { header: { jwk: other.jwk } },
    { header: { jwk: undefined } },
    { header: { jwk: { ...instance.jwk, d: 'x' } } },
    { by: other },
    { by: other, header: { jwk: other.jwk } },
    { header: { typ: 'oauth-client-attestation-pop+jwt' } },
    { claims: { iat: seconds() - 61 } },
    { claims: { jti: '' } },
  ])
    assert.equal(
      await code(kind, signed(kind, over)),
      'attestation.invalid',
      JSON.stringify(over.header),
    )
  for (const nonce of [undefined, 'then'])
    assert.equal(
      await code(kind, signed(kind, { claims: { nonce } })),
      'attestation.challenge_needed',
    )
})

test('a proof of its own is for us, of now, and to a challenge; it is used by key and id', async () => {
  const kind = 'attestation_pop_jwt'
  assert.equal(await code(kind, signed(kind)), 'holds')
  for (const over of [
    { by: other },
    { claims: { aud: 'https://other.example' } },
    { claims: { aud: [expect.issuer] } },
    { claims: { iat: seconds() + 11 } },
    { claims: { iat: String(seconds()) } },
    { claims: { jti: 7 } },
    { claims: { jti: 'j'.repeat(257) } },
    { header: { typ: 'JWT' } },
  ])
    assert.equal(await code(kind, signed(kind, over)), 'attestation.invalid', JSON.stringify(over))
  // What a DPoP proof answers with is no answer here.
  assert.equal(
    await code(kind, signed(kind, { claims: { challenge: undefined, nonce: 'now' } })),
    'attestation.challenge_needed',
  )
  const one = await checkInstanceProof({ kind, proof: await signed(kind) }, known, expect)
  const again = await checkInstanceProof({ kind, proof: await signed(kind) }, known, expect)
  const next = await checkInstanceProof(
    { kind, proof: await signed(kind, { claims: { jti: 'j2' } }) },
    known,
    expect,
  )
  assert.equal(one.replayKey, again.replayKey)
  assert.notEqual(one.replayKey, next.replayKey)
  assert.ok(one.expiresAt >= clock.now() + 60_000)
})

test('attestation and proof are one text, and nothing else is', () => {
  const shown = { attestation: 'a.b.c', kind: 'dpop_combined', proof: 'd.e.f' } as const
  assert.deepEqual(readShown(writeShown(shown)), shown)
  for (const text of [
    '',
    'a.b.c',
    'none a.b.c d.e.f',
    'dpop_combined a.b.c',
    'dpop_combined a b c',
    'dpop_combined  a',
  ])
    assert.throws(() => readShown(text), { code: 'attestation.invalid' }, text)
})
