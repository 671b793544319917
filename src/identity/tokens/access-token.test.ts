import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { importPublicJwk, MAX_TOKEN_BYTES } from '../../platform/jose/index.ts'
import type { SigningKey } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import {
  type AccessTokenContent,
  authenticationClaims,
  checkAccessToken,
  type OwnTokens,
  signOwn,
} from './access-token.ts'
import { partyClaims } from './parties.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const NOW_SECONDS = NOW / 1000
const issuer = 'https://remit.example'
const orders = 'https://gw.example/orders'
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { jwk, key: publicKey } = importPublicJwk(pair.publicKey.export({ format: 'jwk' }))
const kid = 'key_AAAAAAAAAAAAAAAAAAAAAA'
const rawSign = (data: Uint8Array) =>
  sign('sha256', data, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
const key: SigningKey = {
  kid,
  alg: 'ES256',
  publicJwk: { ...jwk, kid, alg: 'ES256', use: 'sig' },
  sign: async (data) => rawSign(data),
}
const THUMBPRINT = 'A'.repeat(43)
const claims = {
  iss: issuer,
  aud: orders,
  ...partyClaims(issuer, {
    person: {
      id: 'psn_AAAAAAAAAAAAAAAAAAAAAA',
      known: { issuer: 'https://idp.example', subject: 'amy' },
    },
    chain: ['refund-bot'],
  }),
  client_id: 'tsk_AAAAAAAAAAAAAAAAAAAAAA',
  task: { id: 'tsk_AAAAAAAAAAAAAAAAAAAAAA' },
  authorization_details: [
    { type: 'remit_call', locations: [orders], actions: ['orders.read'], bounds: [] },
  ],
  cnf: { jkt: THUMBPRINT },
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  jti: 'AAAAAAAAAAAAAAAAAAAAAA',
}

/** Checks a token of ours with other claims than we would write. */
function check(changes: object, own: Partial<OwnTokens> = {}): Promise<AccessTokenContent> {
  const payload = { ...claims, ...changes }
  const input = [{ alg: 'ES256', kid, typ: 'at+jwt' }, payload]
    .map((part) => base64url(Buffer.from(JSON.stringify(part))))
    .join('.')
  const token = `${input}.${base64url(rawSign(Buffer.from(input)))}`
  const keys = { find: (id: string | undefined) => (id === kid ? publicKey : undefined) }
  return checkAccessToken(token, orders, { issuer, clock: manualClock(NOW), keys, ...own })
}

test('the person’s sign-in is told in whole seconds, as far as it is known', () => {
  assert.deepEqual(authenticationClaims(undefined), {})
  assert.deepEqual(authenticationClaims({ authTime: null, acr: null }), {})
  assert.deepEqual(authenticationClaims({ authTime: 1_999, acr: 'mfa' }), {
    auth_time: 1,
    acr: 'mfa',
  })
})

test('no token is signed that is too long to be read', async () => {
  // Each part is in base64url, so that only some of the types make a token of exactly this length.
  const around = await Promise.all(
    ['t', 'tt', 'ttt'].map(async (typ) => {
      const { length } = await signOwn(key, typ, { pad: '' })
      const fits = Math.floor(((MAX_TOKEN_BYTES - length) * 3) / 4)
      const padded = (more: number) =>
        signOwn(key, typ, { pad: 'x'.repeat(fits + more) }).then(
          (token) => token.length,
          ({ code }) => code,
        )
      return Promise.all([-1, 0, 1, 2, 3].map(padded))
    }),
  )
  assert.ok(around.flat().includes(MAX_TOKEN_BYTES), String(around))
  for (const lengths of around) assert.equal(lengths.at(-1), 'token.too_large')
})

test('a token has claims as we write them, or is refused', async () => {
  const { access } = await check({})
  assert.equal(Object.hasOwn(access, 'scope'), false)
  assert.equal(Object.hasOwn(access, 'acr'), false)
  assert.equal(Object.hasOwn(access, 'auth_time'), false)
  const refused = [
    { client_id: 'tsk_BBBBBBBBBBBBBBBBBBBBBB' },
    { client_id: 'refund-bot', task: { id: 'refund-bot' } },
    { scope: 1 },
    { acr: 1 },
    { auth_time: '1' },
    { auth_time: 1.5 },
    { auth_time: -1 },
    { cnf: {} },
    { cnf: { jkt: 'A'.repeat(42) } },
    { cnf: { jkt: `A${THUMBPRINT}` } },
    { cnf: { jkt: `${THUMBPRINT}A` } },
    { cnf: { kid: THUMBPRINT } },
    { cnf: { jkt: THUMBPRINT, 'x5t#S256': THUMBPRINT } },
  ]
  for (const changes of refused)
    await assert.rejects(check(changes), { code: 'token.malformed' }, JSON.stringify(changes))
})

test('what a token says of scope, sign-in and key comes back', async () => {
  const said = { scope: 'a b', acr: 'mfa', auth_time: 0, cnf: { 'x5t#S256': THUMBPRINT } }
  const { access } = await check(said)
  const { scope, acr, auth_time, cnf } = access
  assert.deepEqual({ scope, acr, auth_time, cnf }, said)
  assert.deepEqual((await check({ auth_time: 7 })).access.auth_time, 7)
})

test('a kept token begins with the later of its two beginnings', async () => {
  const kept: number[] = []
  const verified = {
    find: () => undefined,
    keep: (_token: string, _own: OwnTokens, { notBefore }: { notBefore: number }) => {
      kept.push(notBefore)
    },
  }
  await check({}, { verified })
  await check({ nbf: NOW_SECONDS - 5 }, { verified })
  await check({ nbf: NOW_SECONDS + 5 }, { verified })
  assert.deepEqual(kept, [NOW_SECONDS, NOW_SECONDS, NOW_SECONDS + 5])
})
