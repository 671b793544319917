import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import { importPublicJwk } from '../../platform/jose/index.ts'
import type { SigningKey } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { type ManualClock, manualClock } from '../../platform/lib/clock.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import {
  type AccessTokenContent,
  checkAccessToken,
  checkOwn,
  type OwnTokens,
} from './access-token.ts'
import { checkResourceToken, mintResourceToken, type ResourceGrant } from './resource-token.ts'
import { checkTaskToken, mintTaskToken } from './task-token.ts'
import { VerifiedTokens } from './verified-tokens.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0)
const issuer = 'https://remit.example'
const orders = 'https://gw.example/orders'
const notes = 'https://gw.example/notes'
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
const task = { id: 'tsk_AAAAAAAAAAAAAAAAAAAAAA', purpose: 'refund order 1042' } as const
const grant: ResourceGrant = {
  parties: {
    person: {
      id: 'psn_AAAAAAAAAAAAAAAAAAAAAA',
      known: { issuer: 'https://idp.example', subject: 'amy' },
    },
    chain: ['refund-bot'],
  },
  task: { ...task, ep: 'AAAAAAAAAAAAAAAAAAAAAA' },
  resource: orders,
  details: [{ type: 'remit_call', locations: [orders], actions: ['orders.read'], bounds: [] }],
  thumbprint: 'A'.repeat(43),
  notAfter: NOW + 3_600_000,
}

/** Any claims under any header, signed with our key. */
function forge(header: object, claims: object): string {
  const input = [{ alg: 'ES256', kid, ...header }, claims]
    .map((part) => base64url(Buffer.from(JSON.stringify(part))))
    .join('.')
  return `${input}.${base64url(rawSign(Buffer.from(input)))}`
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

const refused = (code: string) => (error: Problem) => error.code === code

describe('a token that was verified before', () => {
  let clock: ManualClock
  let keys: Map<string, KeyObject>
  let own: OwnTokens & { readonly verified: VerifiedTokens }

  beforeEach(() => {
    clock = manualClock(NOW)
    keys = new Map([[kid, publicKey]])
    const find = (id: string | undefined) => keys.get(id ?? '')
    own = { issuer, clock, keys: { find }, verified: new VerifiedTokens(3) }
  })

  const mint = async (change: Partial<ResourceGrant> = {}) =>
    (await mintResourceToken({ key, issuer, clock, random: systemRandom }, { ...grant, ...change }))
      .token
  const check = (token: string, audience = orders) => checkAccessToken(token, audience, own)

  test('is not verified again, and says the same', async () => {
    const token = await mint()
    const first = await checkResourceToken(token, orders, own)
    const found = own.verified.find(token, orders, own)
    assert.ok(found)
    assert.equal((await check(token)).access, found.access)
    assert.deepEqual(await checkResourceToken(token, orders, own), first)
  })

  test('is refused from the moment its key is withdrawn, also when another has come in its place', async () => {
    const token = await mint()
    await check(token)
    keys.delete(kid)
    await assert.rejects(check(token), refused('token.unknown_key'))
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    keys.set(kid, other.publicKey)
    await assert.rejects(check(token), refused('token.bad_signature'))
  })

  test('is good for its own audience alone, and stays good there', async () => {
    const token = await mint()
    await check(token)
    await assert.rejects(check(token, notes), refused('token.wrong_audience'))
    await assert.rejects(checkTaskToken(token, own), refused('token.wrong_audience'))
    await check(token)
  })

  test('is no token of another type, and no other type becomes one', async () => {
    const token = await mint()
    await check(token)
    await assert.rejects(checkOwn(token, 'txntoken+jwt', orders, own), refused('token.wrong_type'))
    const other = forge({ typ: 'txntoken+jwt' }, claimsOf(token))
    await checkOwn(other, 'txntoken+jwt', orders, own)
    await assert.rejects(check(other), refused('token.wrong_type'))
  })

  test('is of this issuer alone', async () => {
    const token = await mint()
    await check(token)
    const elsewhere = { ...own, issuer: 'https://other.example' }
    await assert.rejects(checkAccessToken(token, orders, elsewhere), refused('token.wrong_issuer'))
  })

  test('a task token is not taken for a resource token, nor the other way round', async () => {
    const minting = { key, issuer, clock, random: systemRandom }
    const { token } = await mintTaskToken(minting, { ...grant, task, deadline: NOW + 60_000 })
    await checkTaskToken(token, own)
    await assert.rejects(checkResourceToken(token, orders, own), refused('token.wrong_audience'))
    const atIssuer = await mint({ resource: issuer })
    await checkResourceToken(atIssuer, issuer, own)
    await assert.rejects(checkTaskToken(atIssuer, own), refused('token.malformed'))
  })

  test('ends with its time, to the millisecond, and is not good before it', async () => {
    const token = await mint()
    await check(token)
    clock.advance(300_000 - 1)
    await check(token)
    clock.advance(1)
    await assert.rejects(check(token), refused('token.expired'))
    const later = forge({ typ: 'at+jwt' }, { ...claimsOf(await mint()), nbf: NOW / 1000 + 305 })
    await check(later)
    clock.advance(-60_000)
    await assert.rejects(check(later), refused('token.not_yet_valid'))
  })

  test('T7: is exactly its text', async () => {
    const token = await mint()
    await check(token)
    const [head, , signature] = token.split('.')
    const claims = { ...claimsOf(token), scope: 'everything' }
    const changed = `${head}.${base64url(Buffer.from(JSON.stringify(claims)))}.${signature}`
    await assert.rejects(check(changed), refused('token.bad_signature'))
    await assert.rejects(check(`${token}A`), (error: Problem) => error.code.startsWith('token.'))
    await assert.rejects(check(` ${token}`), refused('token.malformed'))
  })
})

describe('what is kept', () => {
  const clock = manualClock(NOW)
  const find = () => publicKey
  const minting = { key, issuer, clock, random: systemRandom }
  /** Counts, and keeps as many as it is told. */
  class CountingTokens extends VerifiedTokens {
    kept = 0
    override keep(...args: Parameters<VerifiedTokens['keep']>): void {
      this.kept++
      super.keep(...args)
    }
  }
  const identity = async (token: string, own: OwnTokens): Promise<AccessTokenContent['access']> =>
    (await checkAccessToken(token, orders, own)).access

  test('is only what passed every check', async () => {
    const verified = new CountingTokens()
    const own = { issuer, clock, keys: { find }, verified }
    const good = claimsOf((await mintResourceToken(minting, grant)).token)
    for (const change of [
      { iss: 'https://other.example' },
      { aud: notes },
      { exp: NOW / 1000 },
      { iat: NOW / 1000 + 60 },
      { client_id: 'tsk_BAAAAAAAAAAAAAAAAAAAAA' },
      { cnf: { jkt: 'short' } },
      { authorization_details: [{ type: 'remit_call' }] },
      { scope: 7 },
      { jti: undefined },
      { sub: undefined },
    ]) {
      const token = forge({ typ: 'at+jwt' }, { ...good, ...change })
      for (let again = 0; again < 2; again++)
        await assert.rejects(checkAccessToken(token, orders, own), JSON.stringify(change))
    }
    const unsigned = `${forge({ typ: 'at+jwt' }, good).split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`
    await assert.rejects(checkAccessToken(unsigned, orders, own), refused('token.bad_signature'))
    await assert.rejects(checkAccessToken(forge({ typ: 'jwt' }, good), orders, own))
    assert.equal(verified.kept, 0)
    await checkAccessToken(forge({ typ: 'at+jwt' }, good), orders, own)
    assert.equal(verified.kept, 1)
  })

  test('is bounded: the least recently used goes first, and is only checked anew', async () => {
    const own = { issuer, clock, keys: { find }, verified: new VerifiedTokens(2) }
    const tokens = await Promise.all(
      [1, 2, 3].map(async () => (await mintResourceToken(minting, grant)).token),
    )
    const [a = '', b = '', c = ''] = tokens
    const first = await identity(a, own)
    const second = await identity(b, own)
    assert.equal(await identity(a, own), first)
    await identity(c, own)
    assert.equal(await identity(a, own), first)
    assert.notEqual(await identity(b, own), second)
  })

  test('is a long one as well, which counts as several', async () => {
    const own = { issuer, clock, keys: { find }, verified: new VerifiedTokens(3) }
    const bounds = [{ path: '/order_id', op: 'eq' as const, value: 'x'.repeat(200) }]
    const details = Array.from({ length: 12 }, () => ({
      type: 'remit_call' as const,
      locations: [orders],
      actions: ['orders.read'],
      bounds,
    }))
    const { token } = await mintResourceToken(minting, { ...grant, details })
    assert.ok(token.length > 4096 && token.length <= 8192)
    const long = await identity(token, own)
    const [a = '', b = ''] = await Promise.all(
      [1, 2].map(async () => (await mintResourceToken(minting, grant)).token),
    )
    const first = await identity(a, own)
    assert.equal(await identity(token, own), long)
    await identity(b, own)
    assert.equal(await identity(token, own), long)
    assert.notEqual(await identity(a, own), first)
    await identity(b, own)
    assert.notEqual(await identity(token, own), long)
  })

  test('is not of a key that was gone when the check ended', async () => {
    let calls = 0
    const verified = new VerifiedTokens()
    const own = { issuer, clock, keys: { find: () => (calls++ ? undefined : publicKey) }, verified }
    const { token } = await mintResourceToken(minting, grant)
    await checkAccessToken(token, orders, own)
    for (const later of [find, () => undefined])
      assert.equal(verified.find(token, orders, { ...own, keys: { find: later } }), undefined)
  })
})
