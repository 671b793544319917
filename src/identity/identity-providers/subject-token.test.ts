import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { base64url } from '../../platform/lib/bytes.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { outbound } from '../../platform/net/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { createGroup } from '../people/create-group.ts'
import { testPeople } from '../people/testing.ts'
import { suspendPerson } from '../sessions/suspend-person.ts'
import { mapGroup } from './map-group.ts'
import { Providers } from './providers.ts'
import { registerProvider } from './register-provider.ts'
import { fakeProvider, hs256, unsigned } from './testing.ts'

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const NOT_FOR_AGENT = { code: 'subject_token.not_for_agent' }
const by = 'operator'
const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends) await end()
})

type Claims = Record<string, unknown>

forEachEngine('a subject token', (open) => {
  async function ready() {
    const fake = await fakeProvider()
    ends.push(fake.close)
    const parts = await testPeople(await open(), manualClock(Date.now()))
    const providers = new Providers(parts, outbound)
    ends.push(() => providers.close())
    const known = { name: 'Test', clientId: 'remit', allowLoopback: true, by }
    await registerProvider(parts, { ...known, issuer: fake.issuer })
    await createGroup(parts, { name: 'support', description: '', by })
    await mapGroup(parts, { issuer: fake.issuer, value: 'support', group: 'support', by })
    const agent = { id: 'refund-bot', clients: [{ issuer: fake.issuer, clientId: 'bot-client' }] }
    const now = Math.floor(parts.clock.now() / 1000)
    const claims: Claims = {
      iss: fake.issuer,
      aud: 'bot-client',
      sub: 'sam',
      iat: now,
      exp: now + 300,
      groups: ['support'],
    }
    const check = (token: string, type = ID_TOKEN) =>
      providers.checkSubjectToken(token, type, { agent })
    const say = async (change: Claims, header?: Claims, type?: string) =>
      check(await fake.sign({ ...claims, ...change }, header), type)
    return { fake, parts, providers, agent, claims, now, check, say, known }
  }

  test("of the agent's client introduces the person, once known or not", async () => {
    const { say, now } = await ready()
    const first = await say({})
    assert.deepEqual(first.person.groups, ['support'])
    assert.equal(first.expiresAt, (now + 300) * 1000 + 20_000)
    const second = await say({ jti: 'x' })
    assert.equal(second.person.id, first.person.id)
    assert.notEqual(second.replayKey, first.replayKey)
  })

  test('for someone else is refused: another client, Remit alone, two audiences', async () => {
    const { say, parts } = await ready()
    for (const aud of [
      'another-client',
      'remit',
      'refund-bot',
      parts.issuer,
      ['bot-client', 'another-client'],
      ['bot-client', parts.issuer],
      [],
    ])
      await assert.rejects(say({ aud }), /not_for_agent|wrong_audience/, JSON.stringify(aud))
    await say({ aud: ['bot-client'] })
  })

  test("of the same client id at another provider is not this agent's", async () => {
    const { parts, providers, agent, claims, known } = await ready()
    const other = await fakeProvider()
    ends.push(other.close)
    await registerProvider(parts, { ...known, issuer: other.issuer })
    const token = await other.sign({ ...claims, iss: other.issuer })
    await assert.rejects(providers.checkSubjectToken(token, ID_TOKEN, { agent }), NOT_FOR_AGENT)
  })

  test('for Remit is accepted when it names the agent, in whichever way', async () => {
    const { say, parts, fake } = await ready()
    const aud = parts.issuer
    for (const named of [
      { azp: 'bot-client' },
      { client_id: 'bot-client' },
      { may_act: { iss: parts.issuer, sub: 'refund-bot' } },
      { may_act: { sub: 'bot-client' } },
      { may_act: { iss: fake.issuer, client_id: 'bot-client' } },
    ])
      await say({ aud, ...named })
  })

  test('for Remit that names another agent, or nobody we can be sure of, is refused', async () => {
    const { say, parts } = await ready()
    const aud = parts.issuer
    for (const named of [
      { azp: 'refund-bot' },
      { azp: 'another-client' },
      { client_id: 'refund-bot' },
      { may_act: { sub: 'refund-bot' } },
      { may_act: { iss: parts.issuer, sub: 'other-bot' } },
      { may_act: { iss: parts.issuer, sub: 'bot-client' } },
      { may_act: { iss: parts.issuer, client_id: 'bot-client' } },
      { may_act: { iss: 'https://evil.example', sub: 'bot-client' } },
      { may_act: 'refund-bot' },
      { may_act: null },
      { azp: { toString: 'bot-client' } },
      { azp: ['bot-client'] },
    ])
      await assert.rejects(say({ aud, ...named }), NOT_FOR_AGENT, JSON.stringify(named))
  })

  test('issued by Remit is never accepted, whoever signed it', async () => {
    const { say, parts } = await ready()
    const refused = { code: 'subject_token.issued_by_remit' }
    await assert.rejects(say({ iss: parts.issuer }), refused)
    await assert.rejects(say({ iss: parts.issuer }, { typ: 'at+jwt' }, ACCESS_TOKEN), refused)
  })

  test('of an issuer that is not configured is refused, whatever it looks like', async () => {
    const { say, fake } = await ready()
    for (const iss of [
      `${fake.issuer}/`,
      fake.issuer.toUpperCase(),
      'https://evil.example',
      '',
      undefined,
      7,
    ])
      await assert.rejects(say({ iss }), { code: 'subject_token.unknown_issuer' })
  })

  test('T6: that is stale, expired, from the future or without times is refused', async () => {
    const { say, parts, now } = await ready()
    const late = { iat: now - 601, exp: now + 300 }
    await assert.rejects(say(late), { code: 'token.too_old' })
    await say({ ...late, iat: now - 599 })
    await assert.rejects(say({ exp: now - 1 }), { code: 'token.expired' })
    await assert.rejects(say({ iat: now + 60 }), { code: 'token.not_yet_valid' })
    await assert.rejects(say({ nbf: now + 60 }), { code: 'token.not_yet_valid' })
    for (const times of [
      { iat: undefined },
      { exp: undefined },
      { iat: String(now) },
      { exp: 1e300 },
    ])
      await assert.rejects(say(times), { code: 'token.malformed' })
    parts.clock.advance(301_000)
    await assert.rejects(say({}), { code: 'token.expired' })
  })

  test('with alg none, HS256 or a foreign key is refused', async () => {
    const { check, claims, fake } = await ready()
    const pem = fake.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const other = await fakeProvider()
    ends.push(other.close)
    await assert.rejects(check(unsigned(claims)), { code: 'token.malformed' })
    await assert.rejects(check(`${unsigned(claims)}AAAA`), { code: 'token.wrong_algorithm' })
    for (const key of [pem, fake.secret])
      await assert.rejects(check(hs256(claims, key)), { code: 'token.wrong_algorithm' })
    await assert.rejects(check(await other.sign(claims)), { code: 'token.bad_signature' })
  })

  test('of a neighbouring type is refused', async () => {
    const { say } = await ready()
    const wrong = { code: 'token.wrong_type' }
    for (const typ of [
      'at+jwt',
      'logout+jwt',
      'dpop+jwt',
      'client-authentication+jwt',
      'secevent+jwt',
    ])
      await assert.rejects(say({}, { typ }), wrong, typ)
    for (const typ of [undefined, 'JWT', 'logout+jwt'])
      await assert.rejects(say({}, typ === undefined ? {} : { typ }, ACCESS_TOKEN), wrong, typ)
    await say({}, { typ: 'at+jwt' }, ACCESS_TOKEN)
    await say({}, { typ: 'JWT' })
    for (const type of ['urn:ietf:params:oauth:token-type:refresh_token', 'id_token', ''])
      await assert.rejects(say({}, {}, type), { code: 'subject_token.unsupported_type' })
    const logout = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    await assert.rejects(say({ events: logout, jti: 'x' }), NOT_FOR_AGENT)
  })

  test('of a suspended person is refused', async () => {
    const { say, parts } = await ready()
    const { person } = await say({})
    await suspendPerson(parts, { personId: person.id, by, reason: 'test' })
    await assert.rejects(say({ jti: 'y' }), { code: 'person.suspended' })
  })

  test('keeps its replay key when its ECDSA signature is turned into the other valid one', async () => {
    const { check, claims, fake } = await ready()
    const token = await fake.sign(claims)
    const twin = otherSignature(token)
    assert.notEqual(twin, token)
    assert.equal((await check(twin)).replayKey, (await check(token)).replayKey)
  })

  test('has a replay key of its own issuer', async () => {
    const { say, parts, providers, claims, known } = await ready()
    const other = await fakeProvider()
    ends.push(other.close)
    await registerProvider(parts, { ...known, issuer: other.issuer })
    const agent = { id: 'other-bot', clients: [{ issuer: other.issuer, clientId: 'bot-client' }] }
    const token = await other.sign({ ...claims, iss: other.issuer, jti: 'same' })
    const there = await providers.checkSubjectToken(token, ID_TOKEN, { agent })
    assert.notEqual(there.replayKey, (await say({ jti: 'same' })).replayKey)
  })

  test('with a made-up key id does not make us hammer the provider', async () => {
    const { say, fake } = await ready()
    await say({})
    for (let i = 0; i < 20; i += 1)
      await assert.rejects(say({}, { kid: `made-up-${i}` }), { code: 'token.unknown_key' })
    assert.ok(fake.asked.filter((path) => path === '/jwks').length <= 2, fake.asked.join())
    await say({ jti: 'again' })
  })
})

/** (r, s) and (r, n − s) both verify: anyone can make the second from the first. */
function otherSignature(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const [header, payload, signature = ''] = token.split('.')
  const raw = Buffer.from(signature, 'base64url')
  const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`)
  const twin = Buffer.concat([
    raw.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
  ])
  return `${header}.${payload}.${base64url(twin)}`
}
