import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { sha256url } from '../../platform/lib/bytes.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { outbound } from '../../platform/net/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { clickThrough } from '../../programs/dev/identity-provider/click.ts'
import {
  type DevIdentityProvider,
  serveIdentityProvider,
} from '../../programs/dev/identity-provider/serve.ts'
import { SAMPLE_PEOPLE } from '../../programs/dev/sample.ts'
import { createGroup } from '../people/create-group.ts'
import { type TestPeople, testPeople } from '../people/testing.ts'
import { openSession } from '../sessions/open-session.ts'
import { suspendPerson } from '../sessions/suspend-person.ts'
import { localPath } from './begin.ts'
import { mapGroup } from './map-group.ts'
import { Providers } from './providers.ts'
import { openProvider, registerProvider } from './register-provider.ts'
import { type FakeProvider, fakeProvider, hs256, unsigned } from './testing.ts'

const by = 'operator'
const DEV_SECRET = 'the-client-secret-of-remit'
const UNKNOWN = { code: 'sign_in.unknown' }
const FAILED = { code: 'sign_in.failed' }
const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends) await end()
})

async function setUp(parts: TestPeople, provider: { issuer: string; secret: string }) {
  const providers = new Providers(parts, outbound)
  ends.push(() => providers.close())
  await registerProvider(parts, {
    issuer: provider.issuer,
    name: 'Test',
    clientId: 'remit',
    clientSecret: new Secret(provider.secret),
    allowLoopback: true,
    by,
  })
  for (const group of ['support', 'finance']) {
    await createGroup(parts, { name: group, description: '', by })
    await mapGroup(parts, { issuer: provider.issuer, value: group, group, by })
  }
  return providers
}

forEachEngine('signing in at the development identity provider', (open) => {
  let idp: DevIdentityProvider | undefined

  async function ready() {
    idp ??= await serveIdentityProvider({
      port: 0,
      people: SAMPLE_PEOPLE,
      clients: [
        {
          id: 'remit',
          secret: DEV_SECRET,
          redirectUris: ['http://127.0.0.1:7480/sign-in/callback'],
        },
      ],
    })
    const { issuer, close } = idp
    ends.push(close)
    const parts = await testPeople(await open(), manualClock(Date.now()))
    const providers = await setUp(parts, { issuer, secret: DEV_SECRET })
    const begin = () => providers.begin({ issuer, returnTo: '/tasks?open' })
    return { parts, providers, issuer, begin }
  }

  test('a person comes back with their groups, and to where they wanted to go', async () => {
    const { providers, begin, parts, issuer } = await ready()
    const { url, cookie } = await begin()
    const done = await providers.complete(await clickThrough(url, 'sam'), cookie.reveal())
    assert.equal(done.person.name, 'Sam Support')
    assert.deepEqual(done.person.groups, ['support'])
    assert.equal(done.person.issuer, issuer)
    assert.equal(done.returnTo, '/tasks?open')
    assert.ok(parts.clock.now() - done.authTime < 60_000)
    const stored = await parts.storage.read.selectFrom('identity_providers').selectAll().execute()
    assert.equal(stored.length, 1)
    assert.ok(!Buffer.from(stored[0]?.sealed_secret ?? []).includes(DEV_SECRET))
  })

  test('one that is begun shares its commit: strangers who begin many do not keep calls from being written', async () => {
    const { parts, issuer } = await ready()
    const storage = { ...parts.storage, transaction: () => assert.fail('a turn of its own') }
    const providers = new Providers({ ...parts, storage }, outbound)
    ends.push(() => providers.close())
    assert.ok((await providers.begin({ issuer, returnTo: '/' })).url)
  })

  test('a callback works once, however often it is sent', async () => {
    const { providers, begin } = await ready()
    const { url, cookie } = await begin()
    const callback = await clickThrough(url, 'sam')
    const tries = Array.from({ length: 64 }, () => providers.complete(callback, cookie.reveal()))
    const outcomes = await Promise.allSettled(tries)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'sign_in.unknown')
  })

  test("another browser's cookie, or none, ends the sign-in", async () => {
    const { providers, begin } = await ready()
    const other = (await begin()).cookie.reveal()
    for (const wrong of [other, undefined, '', 'x']) {
      const { url, cookie } = await begin()
      const callback = await clickThrough(url, 'sam')
      await assert.rejects(providers.complete(callback, wrong), { code: 'sign_in.wrong_browser' })
      await assert.rejects(providers.complete(callback, cookie.reveal()), UNKNOWN)
    }
  })

  test('after ten minutes the sign-in is over', async () => {
    const { providers, begin, parts } = await ready()
    const { url, cookie } = await begin()
    const callback = await clickThrough(url, 'sam')
    parts.clock.advance(10 * 60_000)
    await assert.rejects(providers.complete(callback, cookie.reveal()), UNKNOWN)
  })

  test('a suspended person does not get in', async () => {
    const { providers, begin, parts } = await ready()
    const first = await begin()
    const { person } = await providers.complete(
      await clickThrough(first.url, 'sam'),
      first.cookie.reveal(),
    )
    await suspendPerson(parts, { personId: person.id, by, reason: 'test' })
    const { url, cookie } = await begin()
    const callback = await clickThrough(url, 'sam')
    await assert.rejects(providers.complete(callback, cookie.reveal()), {
      code: 'person.suspended',
    })
  })
})

forEachEngine('signing in at a provider that lies', (open) => {
  async function ready() {
    const fake = await fakeProvider()
    ends.push(fake.close)
    const parts = await testPeople(await open(), manualClock(Date.now()))
    const providers = await setUp(parts, fake)
    return { fake, parts, providers }
  }

  /** Signs somebody in; `say` makes the ID token out of what an honest one would say. */
  async function signIn(
    { fake, parts, providers }: Awaited<ReturnType<typeof ready>>,
    say: (claims: Record<string, unknown>, fake: FakeProvider) => Promise<string> | string,
    callback: Record<string, string> = {},
    fresh?: { acrValues: readonly string[] },
  ) {
    const begun = { issuer: fake.issuer, returnTo: '/', ...(fresh ? { fresh } : {}) }
    const { url, cookie } = await providers.begin(begun)
    const asked = new URL(url).searchParams
    const now = Math.floor(parts.clock.now() / 1000)
    const claims = { iss: fake.issuer, aud: 'remit', sub: 'sam', name: 'Sam', groups: ['support'] }
    const times = { iat: now, exp: now + 60, nonce: asked.get('nonce') }
    fake.idToken = async (form) => {
      assert.equal(sha256url(form.get('code_verifier') ?? ''), asked.get('code_challenge'))
      return say({ ...claims, ...times }, fake)
    }
    const state = asked.get('state') ?? ''
    const back = new URLSearchParams({ code: 'c', state, iss: fake.issuer, ...callback })
    if (back.get('iss') === '') back.delete('iss')
    return providers.complete(`/sign-in/callback?${back}`, cookie.reveal())
  }

  test('an honest answer is accepted, so that every refusal below has one cause', async () => {
    const { person } = await signIn(await ready(), (claims, fake) => fake.sign(claims))
    assert.deepEqual(person.groups, ['support'])
  })

  test('a provider has to say how the person proved it, where that was wanted', async () => {
    const around = await ready()
    const { fake, parts, providers } = around
    // What the userinfo endpoint says is about the person, not about this sign-in.
    fake.userinfo = { sub: 'sam', name: 'Sam', acr: 'mfa' }
    await registerProvider(parts, {
      ...{ issuer: fake.issuer, name: 'Test', clientId: 'remit', allowLoopback: true, by },
      clientSecret: new Secret(fake.secret),
      acrValues: ['mfa', 'phr'],
    })
    const { url } = await providers.begin({ issuer: fake.issuer, returnTo: '/' })
    assert.equal(new URL(url).searchParams.get('acr_values'), 'mfa phr')
    const saying = (acr: unknown) =>
      signIn(around, (claims) => {
        const { name: _, ...shorter } = claims
        return fake.sign({ ...shorter, acr })
      })
    for (const acr of [undefined, '', 'pwd', '0', 'mfa phr', ['mfa'], 'MFA'])
      await assert.rejects(saying(acr), { code: 'sign_in.too_weak' }, JSON.stringify(acr))
    const before = await parts.storage.read.selectFrom('persons').selectAll().execute()
    assert.deepEqual(before, [])
    assert.equal((await saying('phr')).person.name, 'Sam')
  })

  test('where a fresh sign-in is wanted, only the `auth_time` of the ID token says that it is one', async () => {
    const around = await ready()
    const { fake, parts, providers } = around
    const fresh = { acrValues: ['mfa'] }
    const { url } = await providers.begin({ issuer: fake.issuer, returnTo: '/', fresh })
    const { acr_values, max_age, prompt } = Object.fromEntries(new URL(url).searchParams)
    assert.deepEqual([acr_values, max_age, prompt], ['mfa', '30', 'login'])
    const now = Math.floor(parts.clock.now() / 1000)
    const saying = (auth_time: unknown, acr?: string) =>
      signIn(around, (claims) => fake.sign({ ...claims, auth_time, acr }), {}, fresh)
    for (const auth_time of [undefined, now - 31, 0, 1, -1, String(now), now + 3600])
      await assert.rejects(saying(auth_time), (error: { code?: string }) =>
        ['sign_in.not_fresh', 'sign_in.failed'].includes(String(error.code)),
      )
    await assert.rejects(saying(undefined), {
      code: 'sign_in.not_fresh',
      detail: /does not say when/,
    })
    // A provider that ignores `prompt=login` and honours `max_age` may remember for as long as is asked for, and no longer.
    for (const auth_time of [now - 31, now - 300])
      await assert.rejects(saying(auth_time), {
        code: 'sign_in.not_fresh',
        detail: /remembered you and did not ask again.*sign out there first/,
      })
    const asked = parts.clock.now()
    assert.deepEqual((await saying(now, 'mfa')).proved, { authTime: asked, acr: 'mfa' })
    // What was asked for is no answer: too weak a sign-in is refused where the act is.
    assert.deepEqual((await saying(now - 20)).proved, { authTime: asked, acr: null })
    const silent = await signIn(around, (claims) => fake.sign(claims))
    assert.equal(silent.proved.authTime, null, 'and who does not say when is not taken for fresh')
  })

  test('a date with a fraction signs in (RFC 7519 section 2, as Canaille sends it)', async () => {
    const around = await ready()
    const now = around.parts.clock.now()
    const second = Math.floor(now / 1000)
    for (const [said, authTime] of [
      [{ auth_time: second - 0.75, iat: second + 0.25 }, (second - 1) * 1000],
      [{ iat: second + 0.5 }, second * 1000],
      // A provider whose clock is ahead makes no sign-in fresher than now.
      [{ auth_time: second + 900 }, now],
    ] as const) {
      const done = await signIn(around, (claims, fake) => fake.sign({ ...claims, ...said }))
      assert.equal(done.authTime, authTime, JSON.stringify(said))
      const signedIn = {
        personId: done.person.id,
        kind: 'browser',
        authTime: done.authTime,
      } as const
      assert.ok(await openSession(around.parts, signedIn))
    }
  })

  test('claims that no store could keep are refused with their name, and nobody is signed in', async () => {
    const around = await ready()
    for (const [change, why] of [
      [{ auth_time: 1e300 }, /`auth_time` must be a date/],
      [{ auth_time: -1 }, /auth_time/],
      [{ auth_time: '1764288000' }, /auth_time/],
      [{ sub: 'x'.repeat(256) }, /`sub` must be/],
      [{ groups: [1] }, /`groups` is not a list/],
      [{ iss: 'https://evil.example' }, /`iss` in its ID token is `https:\/\/evil\.example`/],
      [
        { aud: 'another-client' },
        /`aud` in its ID token is `another-client`, and `remit` was expected/,
      ],
      [{ nonce: 'other' }, /has a wrong `nonce`$/],
    ] as const)
      await assert.rejects(
        signIn(around, (claims, fake) => fake.sign({ ...claims, ...change })),
        (error: { detail?: string; code?: string }) =>
          ['sign_in.failed', 'person.bad_claims'].includes(String(error.code)) &&
          why.test(String(error.detail)),
        JSON.stringify(change),
      )
    const { read } = around.parts.storage
    assert.deepEqual(await read.selectFrom('persons').selectAll().execute(), [])
  })

  test('a wrong nonce, issuer, audience, time or subject is refused', async () => {
    const around = await ready()
    for (const change of [
      { nonce: 'other' },
      { nonce: undefined },
      { iss: 'https://evil.example' },
      { iss: `${around.fake.issuer}/` },
      { aud: 'another-client' },
      { aud: ['another-client'] },
      { exp: 1 },
      { exp: undefined },
      { sub: undefined },
      { iat: undefined },
    ])
      await assert.rejects(
        signIn(around, (claims, fake) => fake.sign({ ...claims, ...change })),
        FAILED,
        JSON.stringify(change),
      )
    assert.deepEqual(
      await around.parts.storage.read.selectFrom('persons').selectAll().execute(),
      [],
    )
  })

  test('alg none, HS256 with the client secret or the public key, and a foreign key are refused', async () => {
    const around = await ready()
    const other = await fakeProvider()
    ends.push(other.close)
    const pem = (fake: FakeProvider) =>
      fake.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    for (const say of [
      (claims: Record<string, unknown>) => unsigned(claims),
      (claims: Record<string, unknown>, fake: FakeProvider) => hs256(claims, fake.secret),
      (claims: Record<string, unknown>, fake: FakeProvider) => hs256(claims, pem(fake)),
      (claims: Record<string, unknown>) => other.sign(claims),
      async (claims: Record<string, unknown>, fake: FakeProvider) => {
        const [header, , signature] = (await fake.sign(claims)).split('.')
        const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'ada' })).toString('base64url')
        return `${header}.${forged}.${signature}`
      },
    ])
      await assert.rejects(signIn(around, say), FAILED)
  })

  test('an answer of another authorization server is refused before the code leaves us (mix-up)', async () => {
    const around = await ready()
    const honest = (claims: Record<string, unknown>, fake: FakeProvider) => fake.sign(claims)
    for (const iss of ['https://evil.example', `${around.fake.issuer}/`, ''])
      await assert.rejects(signIn(around, honest, { iss }), FAILED)
    assert.ok(!around.fake.asked.includes('/token'))
  })

  test('an unknown, missing or repeated state is no sign-in', async () => {
    const { providers, fake } = await ready()
    const { url, cookie } = await providers.begin({ issuer: fake.issuer, returnTo: '/' })
    const state = new URL(url).searchParams.get('state')
    for (const query of [
      '',
      '?code=c',
      '?code=c&state=',
      '?code=c&state=x',
      `?state=${state}&state=x`,
    ])
      await assert.rejects(
        providers.complete(`/sign-in/callback${query}`, cookie.reveal()),
        UNKNOWN,
      )
  })

  test("the provider's no is passed on, its free text is not", async () => {
    const around = await ready()
    const { providers, fake } = around
    for (const [error, said] of [
      ['access_denied', 'access_denied'],
      ['<script>alert(1)</script>', 'an error'],
    ]) {
      const { url, cookie } = await providers.begin({ issuer: fake.issuer, returnTo: '/' })
      const state = new URL(url).searchParams.get('state') ?? ''
      const query = new URLSearchParams({ error: error ?? '', state, iss: fake.issuer })
      await assert.rejects(providers.complete(`/sign-in/callback?${query}`, cookie.reveal()), {
        code: 'sign_in.refused',
        detail: `the identity provider answered ${said}`,
      })
    }
  })

  test('groups that only the userinfo endpoint tells count; those of another subject do not', async () => {
    const around = await ready()
    const silent = (claims: Record<string, unknown>, fake: FakeProvider) =>
      fake.sign({ ...claims, groups: undefined })
    around.fake.userinfo = { sub: 'sam', groups: ['finance'] }
    assert.deepEqual((await signIn(around, silent)).person.groups, ['finance'])
    around.fake.userinfo = { sub: 'fiona', groups: ['support'] }
    await assert.rejects(signIn(around, silent), FAILED)
  })

  test('an address that the provider has not verified is not used, and odd signs do not get into names', async () => {
    const around = await ready()
    const { person } = await signIn(around, (claims, fake) =>
      fake.sign({
        ...claims,
        email: 'ada@example.com',
        email_verified: false,
        name: ' Sam\u202e\u200b\nSupport\u0007 ',
      }),
    )
    assert.equal(person.email, undefined)
    assert.equal(person.name, 'SamSupport')
  })

  test('silence about groups at a sign-in means none', async () => {
    const around = await ready()
    await signIn(around, (claims, fake) => fake.sign(claims))
    const { person } = await signIn(around, (claims, fake) =>
      fake.sign({ ...claims, groups: undefined }),
    )
    assert.deepEqual(person.groups, [])
  })

  test('metadata that points elsewhere in our network leads nowhere', async () => {
    const around = await ready()
    const inner = await fakeProvider()
    ends.push(inner.close)
    around.fake.metadata = {
      token_endpoint: `${inner.issuer}/token`,
      jwks_uri: `${inner.issuer}/jwks`,
    }
    await assert.rejects(
      signIn(around, (claims) => inner.sign(claims)),
      FAILED,
    )
    assert.deepEqual(inner.asked, [])
  })

  test('a provider that names another issuer, or does not answer, is not used', async () => {
    const { fake, providers } = await ready()
    const begin = () => providers.begin({ issuer: fake.issuer, returnTo: '/' })
    fake.metadata = { issuer: `${fake.issuer}/` }
    await assert.rejects(begin(), { code: 'provider.unreachable' })
    fake.metadata = {}
    await begin()
    await assert.rejects(providers.begin({ issuer: 'https://nowhere.example', returnTo: '/' }), {
      code: 'provider.unknown',
    })
  })
})

forEachEngine('registering an identity provider', (open) => {
  test('refuses plain http, loopback that was not allowed, Remit itself, and what is no issuer', async () => {
    const parts = await testPeople(await open())
    const register = (issuer: string, allowLoopback?: boolean) =>
      registerProvider(parts, {
        issuer,
        name: 'x',
        clientId: 'remit',
        by,
        ...(allowLoopback === undefined ? {} : { allowLoopback }),
      })
    const refused = { code: 'provider.bad_issuer' }
    await assert.rejects(register('http://127.0.0.1:7482'), refused)
    await assert.rejects(register('https://localhost:7482'), refused)
    await assert.rejects(register('http://idp.example', true), refused)
    await assert.rejects(register('http://127.0.0.1.evil.example', true), refused)
    await assert.rejects(register(parts.issuer, true), refused)
    for (const bad of [
      '',
      'idp.example',
      'https://idp.example?x',
      'https://idp.example#x',
      'ftp://idp.example',
    ])
      await assert.rejects(register(bad, true), refused)
    await register('http://127.0.0.1:7482', true)
    await register('https://idp.example/tenant')
  })

  test('registering the same again records nothing; a new secret replaces the old one', async () => {
    const parts = await testPeople(await open())
    const issuer = 'https://idp.example'
    const register = (secret: string) =>
      registerProvider(parts, {
        issuer,
        name: 'x',
        clientId: 'remit',
        clientSecret: new Secret(secret),
        by,
      })
    await register('one')
    await register('one')
    assert.equal((await parts.recorded()).length, 1)
    await register('two')
    assert.equal((await parts.recorded()).length, 2)
    const known = await openProvider(parts, parts.storage.read, issuer)
    assert.equal(known?.clientSecret?.reveal(), 'two')
    assert.doesNotMatch(JSON.stringify([known, await parts.recorded()]), /one|two/)
  })
})

test('O11: after a sign-in a browser never leaves our origin (open redirector)', () => {
  const issuer = 'http://127.0.0.1:7480'
  assert.equal(localPath('/tasks/tsk_1?all=1#x', issuer), '/tasks/tsk_1?all=1')
  for (const bad of [
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example',
    '/\t/evil.example',
    '/%0d%0a/..//evil.example/..',
    'javascript:alert(1)',
    '',
    '/..//evil.example',
    '/.//evil.example',
  ]) {
    const path = localPath(bad, issuer)
    assert.equal(new URL(path, issuer).origin, issuer, bad)
    assert.ok(!path.startsWith('//'), bad)
  }
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('/', '\\', '.', '\t', 'a', '%', '@', ':', '?') }),
      (text) => {
        const path = localPath(text, issuer)
        return (
          new URL(path, issuer).origin === issuer && path.startsWith('/') && !/^\/[/\\]/.test(path)
        )
      },
    ),
  )
})
