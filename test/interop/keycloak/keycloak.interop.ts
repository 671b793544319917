import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Browser } from '../../../examples/refund-desk/browser.ts'
import { registerProvider } from '../../../src/identity/identity-providers/index.ts'
import { Secret } from '../../../src/platform/lib/secret.ts'
import { publishPolicies } from '../../../src/policy/policy/index.ts'
import { ACCESS_TOKEN } from '../../agent.ts'
import { assertNoToken } from '../../refusals.ts'
import { decode, newKey } from '../../signing.ts'
import { World } from '../../world.ts'
import { grantsWithKeycloak } from './grants.ts'
import { KeycloakPerson } from './person.ts'
import { CLIENT_SECRET, passwordOf } from './realm.ts'
import { startKeycloak } from './start.ts'
import { tokensOfKeycloak } from './tokens.ts'
import { KeycloakTrust } from './trust.ts'

describe('with Keycloak as the identity provider', () => {
  let w: World
  before(async () => {
    w = await World.start('sqlite', { provider: startKeycloak })
  })
  after(() => w?.stop())

  const person = (name: string) => new KeycloakPerson(w.provider, name)
  const begin = () => w.rooms.providers.begin({ issuer: w.provider, returnTo: '/' })

  it('people sign in with a browser, and their groups at Keycloak are their groups here', async () => {
    const browser = new Browser()
    const form = await browser.get(`${w.issuer}/`)
    assert.ok(form.url.startsWith(w.provider), form.url)
    const wrong = { username: 'sam', password: passwordOf('ada') }
    const refused = await browser.submit(form, /sign in/i, wrong)
    assert.ok(refused.url.startsWith(w.provider), refused.url)
    const right = { username: 'sam', password: passwordOf('sam') }
    const home = await browser.submit(refused, /sign in/i, right)
    assert.equal(home.status, 200, home.text)
    assert.equal(new URL(home.url).origin, w.issuer)
    const sam = await w.person('sam')
    assert.deepEqual([sam.name, sam.email], ['Sam Support', 'sam@example.com'])
    assert.deepEqual(sam.groups, ['support'])
  })

  it('an answer counts for the sign-in it belongs to, from this issuer, once', async () => {
    const mixed = await begin()
    const callback = await person('sam').authorize(mixed.url)
    assert.equal(callback.searchParams.get('iss'), w.provider, 'RFC 9207')
    callback.searchParams.set('iss', 'https://evil.example')
    await assert.rejects(w.rooms.providers.complete(callback.href, mixed.cookie.reveal()), {
      code: 'sign_in.failed',
    })
    // The code of one sign-in put into another, whose nonce and verifier are others.
    const [mine, victims] = [await begin(), await begin()]
    const stolen = (await person('ada').authorize(mine.url)).searchParams.get('code') ?? ''
    const swapped = await person('sam').authorize(victims.url)
    swapped.searchParams.set('code', stolen)
    await assert.rejects(w.rooms.providers.complete(swapped.href, victims.cookie.reveal()), {
      code: 'sign_in.failed',
    })
    const once = await begin()
    const good = await person('sam').authorize(once.url)
    const done = await w.rooms.providers.complete(good.href, once.cookie.reveal())
    assert.equal(done.person.subject, 'sam')
    await assert.rejects(w.rooms.providers.complete(good.href, once.cookie.reveal()), {
      code: 'sign_in.unknown',
    })
  })

  it('insists on PKCE for Remit, so every request above had it', async () => {
    const { url } = await begin()
    const without = new URL(url)
    without.searchParams.delete('code_challenge')
    without.searchParams.delete('code_challenge_method')
    const back = await person('sam').authorize(without.href)
    assert.equal(back.searchParams.get('error'), 'invalid_request')
  })

  it('a secret that is not the one at Keycloak lets nobody in', async () => {
    const registration = {
      issuer: w.provider,
      name: 'Keycloak',
      clientId: 'remit',
      allowLoopback: true,
      by: 'operator',
    }
    const again = (secret: string) =>
      registerProvider(w.rooms.people, { ...registration, clientSecret: new Secret(secret) })
    await again('another')
    const { cookie, url } = await begin()
    const callback = await person('sam').authorize(url)
    await assert.rejects(w.rooms.providers.complete(callback.href, cookie.reveal()), {
      code: 'sign_in.failed',
    })
    await again(CLIENT_SECRET)
  })

  it('claims of Keycloak are attributes here, by a mapping of each, and a try shows them', async () => {
    const attributes = { department: 'department', level: '/org/level', external: 'external' }
    await registerProvider(w.rooms.people, {
      ...{ issuer: w.provider, name: 'Keycloak', clientId: 'remit', attributes },
      ...{ clientSecret: new Secret(CLIENT_SECRET), allowLoopback: true, by: 'operator' },
    })
    const { id: triedBy } = await w.person('ada')
    const look = await w.rooms.providers.begin({ issuer: w.provider, returnTo: '/', triedBy })
    const back = await person('sam').authorize(look.url)
    const tried = await w.rooms.providers.finish(back.href, look.cookie.reveal())
    assert.ok('triedBy' in tried)
    const said = { department: 'Support', level: 3, external: false }
    assert.deepEqual(tried.profile?.attributes, said)
    assert.deepEqual((await w.person('sam')).attributes, {}, 'a try keeps nothing')
    const { cookie, url } = await begin()
    const callback = await person('sam').authorize(url)
    const done = await w.rooms.providers.complete(callback.href, cookie.reveal())
    assert.deepEqual(done.person.attributes, said)
    const { id_token } = await person('sam').tokensOfAgent()
    await w.agent.open({ subjectToken: id_token, details: w.everything })
    assert.deepEqual((await w.person('sam')).attributes, said, 'the same by a subject token')
  })

  it('a fresh sign-in is one, also for somebody whom Keycloak remembers', async () => {
    const sam = person('sam')
    const signIn = async (fresh?: { acrValues: readonly string[] }) => {
      const asked = { issuer: w.provider, returnTo: '/', ...(fresh ? { fresh } : {}) }
      const { cookie, url } = await w.rooms.providers.begin(asked)
      const callback = await sam.authorize(url)
      return w.rooms.providers.complete(callback.href, cookie.reveal())
    }
    await signIn()
    const remembered = await signIn()
    assert.equal(remembered.proved.acr, '0', 'by its cookie alone')
    const before = Date.now()
    const anew = await signIn({ acrValues: ['1'] })
    assert.equal(anew.proved.acr, '1')
    assert.ok(Number(anew.proved.authTime) >= before - 1000, String(anew.proved.authTime))
  })

  it("an ID token of the agent's client opens one task, which can call", async () => {
    const { access_token, id_token } = await person('sam').tokensOfAgent()
    const wish = { subjectToken: id_token, details: w.everything }
    const task = await w.agent.open({ ...wish, key: await newKey() })
    const answer = await w.agent.call(task, 'GET', '/orders/orders/1042')
    assert.equal(answer.status, 200, answer.text)
    assertNoToken(await w.agent.ask(wish), 'invalid_grant', 'subject_token.replayed')
    // Keycloak's access tokens say `typ: JWT`, so they are no access tokens of RFC 9068.
    const typed = { form: { subject_token_type: ACCESS_TOKEN } }
    const asAccess = await w.agent.ask({ ...wish, subjectToken: access_token }, typed)
    assertNoToken(asAccess, 'invalid_grant', 'token.wrong_type')
    const asId = await w.agent.ask({ ...wish, subjectToken: access_token })
    // And they name no audience.
    assertNoToken(asId, 'invalid_grant', 'token.wrong_audience')
  })

  it('a session that ends at Keycloak ends here, and no other does', async () => {
    const [sam, elsewhere] = [await signedIn('sam'), await signedIn('sam')]
    assert.equal(await opens(sam.cookie), true)
    await sam.person.signOut()
    assert.equal(await opens(sam.cookie), false)
    assert.equal(await opens(elsewhere.cookie), true)
    const ended = (await w.ledger()).findLast(({ type }) => type === 'person.signed_out')
    assert.deepEqual(ended?.facts, { issuer: w.provider, sessions: 1 })
  })

  describe('that is trusted, and trusts Remit', () => {
    let trust: KeycloakTrust
    before(async () => {
      trust = await KeycloakTrust.begin(w)
    })
    tokensOfKeycloak(() => trust)
    grantsWithKeycloak(() => trust)
  })

  it('a session that Keycloak remembers is too weak where a policy wants a fresh proof', async () => {
    await stepUpOrders()
    const sam = person('sam')
    await sam.tokensOfAgent()
    const remembered = (await sam.tokensOfAgent()).id_token
    assert.equal(decode(remembered).claims.acr, '0', 'Keycloak: by its cookie alone')
    const opened = (subjectToken: string) => w.agent.open({ subjectToken, details: w.everything })
    const denied = await w.agent.askToken(await opened(remembered), w.orders)
    assertNoToken(denied, 'insufficient_user_authentication', 'step_up.required')
    assert.deepEqual([denied.body.acr_values, denied.body.max_age], ['1', 600])
    const fresh = (await sam.tokensOfAgent({ acr_values: '1', prompt: 'login' })).id_token
    const allowed = await w.agent.call(await opened(fresh), 'GET', '/orders/orders/1042')
    assert.equal(allowed.status, 200, allowed.text)
  })

  async function signedIn(name: string) {
    const someone = person(name)
    const { cookie, url } = await begin()
    const callback = await someone.authorize(url)
    const back = await fetch(callback, {
      redirect: 'manual',
      headers: { cookie: `remit_sign_in=${cookie.reveal()}` },
    })
    assert.equal(back.status, 303, await back.text())
    const session = /^remit_session=([^;]+)/m.exec(back.headers.getSetCookie().join('\n'))?.[1]
    return { person: someone, cookie: `remit_session=${session}` }
  }

  /** Tells whether Remit's pages know whose browser this is. */
  async function opens(cookie: string): Promise<boolean> {
    const answer = await fetch(`${w.issuer}/`, { redirect: 'manual', headers: { cookie } })
    await answer.body?.cancel()
    return answer.status === 200
  }

  /** Makes the rule that lets people read orders oblige to a fresh sign-in. */
  async function stepUpOrders(): Promise<void> {
    const set = await w.rooms.policies.active()
    const { text } = await w.rooms.policies.version(set.version)
    const { id: by } = await w.person('ada')
    const rule = '@id("support-orders")'
    const stricter = text.replace(rule, `${rule} @step_up("1 max_age=PT10M")`)
    assert.notEqual(stricter, text)
    await publishPolicies(w.rooms.policy, { text: stricter, by, note: 'for tests' })
  }
})
