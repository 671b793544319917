import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { outbound } from '../../platform/net/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { testPeople } from '../people/testing.ts'
import { issueCliCode, redeemCliCode } from '../sessions/cli-code.ts'
import { openSession } from '../sessions/open-session.ts'
import { readSession } from '../sessions/read-session.ts'
import { Providers } from './providers.ts'
import { registerProvider } from './register-provider.ts'
import { signInPerson } from './sign-in-person.ts'
import { fakeProvider, hs256, unsigned } from './testing.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const by = 'operator'
const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends) await end()
})

type Claims = Record<string, unknown>

forEachEngine('a logout token', (open) => {
  async function ready({ closesTasks = false } = {}) {
    const [fake, other] = [await fakeProvider(), await fakeProvider()]
    ends.push(fake.close, other.close)
    const parts = await testPeople(await open(), manualClock(Date.now()))
    const providers = new Providers(parts, outbound)
    ends.push(() => providers.close())
    for (const { issuer } of [fake, other])
      await registerProvider(parts, {
        ...{ issuer, name: 'Test', clientId: 'remit', allowLoopback: true, closesTasks, by },
      })
    const now = Math.floor(parts.clock.now() / 1000)
    const claims: Claims = {
      ...{ iss: fake.issuer, aud: 'remit', sub: 'sam', sid: 'one', jti: 'first' },
      ...{ iat: now, exp: now + 120, events: { [EVENT]: {} } },
    }
    const also: string[] = []
    const send = (token: string) =>
      providers.logOut(token, async (tx, personId) => {
        also.push(personId)
        return parts.live.raise(tx, [{ kind: 'person', id: personId }])
      })
    const say = async (change: Claims, header: Claims = { typ: 'logout+jwt' }) =>
      send(await fake.sign({ ...claims, ...change }, header))
    const person = (issuer: string, subject: string) =>
      signInPerson(parts, { issuer, subject, name: subject, issuedAt: parts.clock.now() })
    const session = async (personId: string, sid: string | null) => {
      const opening = { personId, kind: 'browser', authTime: parts.clock.now(), sid } as const
      const { token } = await openSession(parts, opening)
      return async () => (await readSession(parts, token.reveal())) !== undefined
    }
    return { fake, other, parts, claims, also, send, say, person, session }
  }

  test('ends the session that it names, and those of the person that nobody can tell', async () => {
    const { fake, other, parts, say, person, session, also } = await ready()
    const [sam, ada] = [await person(fake.issuer, 'sam'), await person(fake.issuer, 'ada')]
    const namesake = await person(other.issuer, 'sam')
    assert.notEqual(namesake.id, sam.id, 'one subject at two providers is two persons')
    const [one, two, unknown] = [
      await session(sam.id, 'one'),
      await session(sam.id, 'two'),
      await session(sam.id, null),
    ]
    const [adas, namesakes] = [await session(ada.id, 'three'), await session(namesake.id, 'three')]
    await say({})
    assert.deepEqual([await one(), await two(), await unknown()], [false, true, false])
    assert.deepEqual([await adas(), await namesakes()], [true, true])
    await say({ sub: undefined, sid: 'three', jti: 'second' })
    assert.deepEqual([await two(), await adas(), await namesakes()], [true, false, true])
    await say({ sid: undefined, jti: 'third' })
    assert.deepEqual([await two(), await namesakes()], [false, true])
    assert.deepEqual(also, [], 'tasks go on unless the provider was registered otherwise')
    const recorded = (await parts.recorded()).filter(({ type }) => type === 'person.signed_out')
    assert.deepEqual(
      recorded.map(({ facts }) => facts?.sessions),
      [2, 1, 1],
    )
  })

  test('ends more where that was wanted, even for somebody without a session', async () => {
    const { fake, say, person, also } = await ready({ closesTasks: true })
    const sam = await person(fake.issuer, 'sam')
    await say({})
    assert.deepEqual(also, [sam.id])
    await say({ sub: 'nobody', jti: 'second' })
    await say({ sub: undefined, sid: 'nothing', jti: 'third' })
    assert.deepEqual(also, [sam.id], 'somebody who was never here')
  })

  test('reaches the command line, and who is on the way back from the provider', async () => {
    const { fake, parts, say, person, session } = await ready()
    const { id: personId } = await person(fake.issuer, 'sam')
    const verifier = 'a'.repeat(43)
    const challenge = 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA' // SHA-256 of the verifier
    const redirectUri = 'http://127.0.0.1:9/callback'
    const asked = { personId, authTime: parts.clock.now(), sid: 'one', challenge, redirectUri }
    const redeem = async (code: string) => redeemCliCode(parts, { code, verifier, redirectUri })
    const cli = await redeem((await issueCliCode(parts, asked)).reveal())
    const waiting = (await issueCliCode(parts, asked)).reveal()
    await say({})
    assert.equal(await readSession(parts, cli.token.reveal()), undefined)
    await assert.rejects(redeem(waiting), { code: 'cli_code.invalid' })
    await assert.rejects(session(personId, 'one'), { code: 'sign_in.unknown' })
    assert.equal(await (await session(personId, 'two'))(), true)
  })

  test('V1: works once, however often it is sent', async () => {
    const { fake, claims, send, person, session } = await ready()
    const sam = await person(fake.issuer, 'sam')
    const token = await fake.sign(claims, { typ: 'logout+jwt' })
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => send(token)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        assert.equal(outcome.reason.code, 'logout_token.replayed', String(outcome.reason))
    const later = await session(sam.id, null)
    await assert.rejects(send(token), { code: 'logout_token.replayed' })
    assert.equal(await later(), true)
  })

  test('V1: that is not quite one ends nothing', async () => {
    const { fake, other, claims, send, say, person, session } = await ready()
    const sam = await person(fake.issuer, 'sam')
    const stays = await session(sam.id, 'one')
    const now = Number(claims.iat)
    const attacks: Record<string, () => Promise<unknown>> = {
      'an ID token': () => say({ events: undefined, jti: undefined }, { typ: 'JWT' }),
      'with a nonce': () => say({ nonce: 'n' }),
      'another event': () => say({ events: { 'https://schemas.openid.net/secevent/x': {} } }),
      'an event that is no object': () => say({ events: { [EVENT]: 'yes' } }),
      'a list of events': () => say({ events: [EVENT] }),
      'without jti': () => say({ jti: undefined }),
      'an empty jti': () => say({ jti: '' }),
      'of nobody': () => say({ sub: undefined, sid: undefined }),
      'a sub that is no text': () => say({ sub: 7 }),
      'a sid that is no text': () => say({ sid: ['one'] }),
      'for another client': () => say({ aud: 'another' }),
      'for another client as well': () => say({ aud: ['remit', 'another'] }),
      'for Remit by its issuer': () => say({ aud: 'http://127.0.0.1:7480' }),
      expired: () => say({ iat: now - 300, exp: now - 1 }),
      old: () => say({ iat: now - 601, exp: now + 300 }),
      'from the future': () => say({ iat: now + 60, exp: now + 120 }),
      'without exp': () => say({ exp: undefined }),
      'an access token by type': () => say({}, { typ: 'at+jwt' }),
      'another security event by type': () => say({}, { typ: 'secevent+jwt' }),
      unsigned: () => send(unsigned(claims)),
      'keyed with the client secret': () => send(hs256(claims, fake.secret, { typ: 'logout+jwt' })),
      "by another provider's key": async () =>
        send(await other.sign(claims, { typ: 'logout+jwt' })),
      'by somebody unknown': () => say({ iss: 'https://evil.example' }),
      'no token': () => send('x'),
    }
    for (const [name, attack] of Object.entries(attacks)) {
      await assert.rejects(attack, { code: 'logout_token.invalid' }, name)
      assert.equal(await stays(), true, name)
    }
    // The same provider at its other name: its sam is somebody else.
    await send(await other.sign({ ...claims, iss: other.issuer }, { typ: 'logout+jwt' }))
    assert.equal(await stays(), true)
    await say({}, {})
    assert.equal(await stays(), false, 'what was left out each time is all it takes')
  })
})
