import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import {
  CLOCK_SKEW_MS,
  type ClaimsExpectation,
  checkClaims,
  checkJwt,
  rememberedUntil,
} from './check-jwt.ts'

const NOW = Date.UTC(2026, 0, 1)
const NOW_SECONDS = NOW / 1000
const base: ClaimsExpectation = {
  issuer: 'https://remit.example',
  audience: 'https://gw.example/orders',
  clock: manualClock(NOW),
}
const claims = {
  iss: 'https://remit.example',
  aud: 'https://gw.example/orders',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
}
const { iat: _, ...undated } = claims

function refused(change: object, code: string, expect: object = {}): void {
  assert.throws(() => checkClaims({ ...claims, ...change }, { ...base, ...expect }), { code })
}

test('a use is remembered for the skew of two clocks after its end', () => {
  assert.equal(rememberedUntil(NOW), NOW + 2 * CLOCK_SKEW_MS)
})

test('without an issue time, a token counts as issued now where that is allowed', () => {
  const clock = manualClock(NOW + 999)
  const expect = { ...base, clock, iatOptional: true, maxLifeSeconds: 300 } as const
  assert.equal(checkClaims(undated, expect).iat, NOW_SECONDS)
  assert.throws(() => checkClaims({ ...undated, exp: NOW_SECONDS + 301 }, expect), {
    code: 'token.too_long_lived',
  })
  assert.throws(() => checkClaims(undated, { ...base, clock }), { code: 'token.malformed' })
})

test('an issue time counts where it may be absent, too', () => {
  const expect = { iatOptional: true, maxAgeSeconds: 60 }
  refused({ iat: NOW_SECONDS - 61 }, 'token.too_old', expect)
  refused({ iat: '1' }, 'token.malformed', expect)
})

test('a token without not-before is one from its issue time', () => {
  refused({ iat: NOW_SECONDS + 11 }, 'token.not_yet_valid')
  assert.deepEqual(checkClaims({ ...claims, nbf: NOW_SECONDS - 5 }, base).iat, NOW_SECONDS)
})

test('an age is allowed to its last millisecond', () => {
  const at = (ms: number) => ({ ...base, maxAgeSeconds: 60, clock: manualClock(NOW + ms) })
  assert.equal(checkClaims(claims, at(60_000)).iat, NOW_SECONDS)
  assert.throws(() => checkClaims(claims, at(60_001)), { code: 'token.too_old' })
})

test('a time of zero is a time', () => {
  const expect = { ...base, clock: manualClock(1) }
  assert.equal(checkClaims({ ...claims, iat: 0, exp: 5 }, expect).iat, 0)
})

test('an issuer that is not prescribed comes back as it is, and only as text', () => {
  const expect = { ...base, issuer: undefined }
  assert.equal(checkClaims({ ...claims, iss: 'spiffe://a' }, expect).iss, 'spiffe://a')
  assert.equal(checkClaims({ ...claims, iss: 7 }, expect).iss, '')
  assert.equal(checkClaims(claims, base).iss, 'https://remit.example')
})

test('an audience that is not prescribed comes back only where it is one', () => {
  const expect = { ...base, audience: undefined }
  assert.deepEqual(checkClaims({ ...claims, aud: ['a'] }, expect).aud, ['a'])
  for (const aud of [undefined, '', [], [1], ['a', 1], 7])
    assert.deepEqual(checkClaims({ ...claims, aud }, expect).aud, [])
})

test('a function is asked about real audiences only', () => {
  const asked: unknown[] = []
  const audience = (list: readonly string[]) => asked.push(list) > 0
  checkClaims({ ...claims, aud: 'a' }, { ...base, audience })
  checkClaims({ ...claims, aud: ['a', 'b'] }, { ...base, audience })
  for (const aud of ['', [], undefined]) refused({ aud }, 'token.wrong_audience', { audience })
  assert.deepEqual(asked, [['a'], ['a', 'b']])
})

test('a refused type or algorithm is answered with those that are allowed', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (header: object) => `${part(header)}.${part(claims)}.AAAA`
  const expect = {
    ...base,
    typ: ['', 'JWT', 'at+jwt'],
    algorithms: ['ES256', 'EdDSA'] as const,
    keyFor: () => undefined,
  }
  await assert.rejects(checkJwt(token({ alg: 'ES256', typ: 'x' }), expect), {
    detail: '`typ` must be JWT or at+jwt',
  })
  const named = [
    ['HS256', ', not `HS256`'],
    ['A-b-C-d-E-f-G-h1', ', not `A-b-C-d-E-f-G-h1`'],
    ['A-b-C-d-E-f-G-h12', ''],
    ['<b>', ''],
    ['<HS256', ''],
    ['HS256>', ''],
    ['', ''],
  ]
  for (const [alg, came] of named)
    await assert.rejects(checkJwt(token({ alg, typ: 'JWT' }), expect), {
      detail: `\`alg\` must be ES256 or EdDSA${came}`,
    })
})
