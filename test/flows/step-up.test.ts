import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { postForm } from '../agent.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { assertNoToken } from '../refusals.ts'
import { decode, newKey, proof } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

/** A new grant of the same client, as RFC 9470 section 4 has it. */
type AuthorizationParameters = Readonly<Record<string, string>>

inEachWorld('stronger and fresher sign-ins of clients that came by a code (RFC 9470)', (world) => {
  let stranger: Stranger

  before(async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    const ceiling = [
      { type: 'remit_call', locations: [w.orders], actions: ['orders.read'], bounds: [] },
    ]
    const rule = { name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ceiling }
    await addAdmissionRule(w.rooms.agents, { ...rule, ownerId: by, by })
    const { version } = await w.rooms.policies.active()
    const { text } = await w.rooms.policies.version(version)
    const stricter = `${text}
@id("let-in-read") permit (principal is Agent, action == Action::"orders.read", resource) when { principal.trust == 2 };
@id("strong-read") @step_up("mfa max_age=PT10M") permit (principal is Person, action == Action::"orders.read", resource);`
    await publishPolicies(w.rooms.policy, { text: stricter, by, note: 'for tests' })
    stranger = await Stranger.arrive(w)
    await stranger.register({ dpop_bound_access_tokens: true })
  })

  /** Up to the page on which the person is asked. */
  const ask = (over: AuthorizationParameters) =>
    stranger.ask('sam', stranger.asking(world().orders, over))

  /** Runs all from the answer to a call. */
  async function call(back: URL) {
    const w = world()
    const key = await newKey()
    stranger.verifier = VERIFIER
    const token = `${w.issuer}/oauth/token`
    const first = await proof(w.clock, key, { method: 'POST', url: token })
    const { body, status } = await stranger.redeem(back, w.orders, {}, first)
    assert.equal(status, 200, JSON.stringify(body))
    const access = String(body.access_token)
    const url = `${w.orders}/orders/1042`
    const shown = await proof(w.clock, key, { method: 'GET', url, token: access })
    const answer = await send(url, {
      headers: [
        ['Authorization', `DPoP ${access}`],
        ['DPoP', shown],
      ],
    })
    return { answer, claims: decode(access).claims }
  }

  it('the gateway says what is wanted; asked for like that, the person signs in anew and comes back', async () => {
    const w = world()
    const { answer } = await call(await stranger.answered(await ask({})))
    assert.equal(answer.status, 401)
    const challenge = String(answer.headers['www-authenticate'])
    assert.match(challenge, /error="insufficient_user_authentication"/)
    const wanted = {
      acr_values: /acr_values="([^"]*)"/.exec(challenge)?.[1] ?? '',
      max_age: /max_age="([^"]*)"/.exec(challenge)?.[1] ?? '',
    }
    assert.deepEqual(wanted, { acr_values: 'mfa', max_age: '600' })
    const page = await ask(wanted)
    assert.match(page.text, /Sign in again before you say yes/)
    assert.doesNotMatch(page.html, /value="grant"/)
    const again = await signInAgain(page.html)
    assert.equal(again.url, page.url, 'back to the same question')
    const { answer: done, claims } = await call(await stranger.answered(again))
    assert.equal(done.status, 200, done.text)
    assert.equal(claims.acr, 'mfa')
    assert.ok(Number(claims.auth_time) * 1000 > w.clock.now() - 60_000)
  })

  it('the same where the request is pushed; the age is that of the moment it asks', async () => {
    const w = world()
    const pushed = async (over: AuthorizationParameters) => {
      const form = Object.fromEntries(stranger.asking(w.orders, over).searchParams)
      return postForm(`${w.issuer}/oauth/par`, form, [], w.ports?.[w.issuer])
    }
    const { body } = await pushed({ acr_values: 'mfa', max_age: '0' })
    const url = new URL(`${w.issuer}/oauth/authorize`)
    url.search = new URLSearchParams({
      client_id: stranger.id,
      request_uri: String(body.request_uri),
    }).toString()
    w.clock.advance(2_000)
    const page = await stranger.ask('sam', url)
    assert.match(page.text, /Sign in again before you say yes/, 'whenever that was')
    const again = await signInAgain(page.html)
    assert.match(again.html, /value="grant"/)
    for (const bad of [{ max_age: 'soon' }, { max_age: '-1' }, { acr_values: 'a"b' }]) {
      const refused = await pushed(bad as AuthorizationParameters)
      assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_request'])
    }
    w.clock.advance(2_000)
    const anew = await ask({ prompt: 'login' })
    assert.match(anew.text, /Sign in again before you say yes/)
  })

  it('the token endpoint says it where a token would open nothing', async () => {
    const w = world()
    const strong = await w.idToken('fiona')
    await w.allow('fiona')
    const details = [
      { type: 'remit_call', locations: [w.orders], actions: ['orders.read'], bounds: [] },
    ]
    const task = await w.agent.open({ subjectToken: strong, details })
    const refused = await w.agent.askToken(task, w.orders)
    assertNoToken(refused, 'insufficient_user_authentication', 'step_up.required')
    assert.deepEqual([refused.body.acr_values, refused.body.max_age], ['mfa', 600])
    const all = await w.agent.open({
      subjectToken: await w.idToken('fiona'),
      details: w.everything,
    })
    assert.equal((await w.agent.askToken(all, w.orders)).status, 200, 'it is for more than that')
  })

  it('a person whose client does not ask for it is told on the page, and may go on', async () => {
    const w = world()
    w.clock.advance(11 * 60_000)
    const page = await ask({})
    assert.match(page.text, /Some of this wants a sign-in of its own/)
    assert.match(page.html, /value="grant"/)
    const again = await signInAgain(page.html)
    assert.doesNotMatch(again.text, /wants a sign-in of its own/)
  })

  it('a person who does not is no yes, and the client is told which', async () => {
    const page = await ask({ acr_values: 'face-to-face' })
    const back = await stranger.answered(page, { button: /^deny$/ })
    assert.equal(back.searchParams.get('error'), 'unmet_authentication_requirements')
    const plain = await stranger.answered(await ask({}), { button: /^deny$/ })
    assert.equal(plain.searchParams.get('error'), 'access_denied')
  })

  /** Follows the link to sign in again, and chooses oneself at the provider. */
  async function signInAgain(html: string) {
    const link = /href="(\/sign-in\?again=yes[^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    assert.ok(link)
    const browser = await world().browser('sam')
    const choose = await browser.get(`${world().issuer}${link}`)
    assert.ok(choose.url.startsWith(world().provider), choose.url)
    return browser.submit(choose, /^sam$/)
  }
})
