import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import * as openid from 'openid-client'
import { findRequest } from '../../src/approvals/access-requests/index.ts'
import { onlyOnce } from '../../src/approvals/approvals/index.ts'
import { setRisk, setTokens } from '../../src/catalog/catalog-changes/index.ts'
import { setTrust } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('M4: clients without keys at an HTTP API', (world) => {
  const orders = () => world().orders

  before(async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    const actions = ['orders.read', 'orders.refund']
    await addAdmissionRule(w.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ownerId: by, by },
      ceiling: [{ type: 'remit_call', locations: [w.orders], actions, bounds: [] }],
    })
    const { version } = await w.rooms.policies.active()
    const { text } = await w.rooms.policies.version(version)
    const rule = `
@id("let-in-at-orders")
permit (principal is Agent, action, resource == Resource::"orders")
when { principal.trust >= 1 && context has person };
`
    await publishPolicies(w.rooms.policy, { text: text + rule, by, note: 'for tests' })
  })

  const set = (bearer: 'allowed' | 'refused') =>
    setTokens(world().rooms.connections, { name: 'orders', bearer, by: 'operator' })

  /** Sends a client through the page; what came back. */
  async function comeBack(stranger: Stranger): Promise<URL> {
    if (stranger.id === '') await stranger.register()
    stranger.verifier = VERIFIER
    return stranger.answered(await stranger.ask('sam', stranger.asking(orders())))
  }

  it('are told before anybody is asked again, where the API takes no token without a key', async () => {
    const stranger = await Stranger.arrive(world())
    await stranger.register()
    stranger.verifier = VERIFIER
    const page = await stranger.ask('sam', stranger.asking(orders()))
    assert.match(page.text, /shown no key yet/)
    const came = await stranger.answered(page)
    const refused = await stranger.redeem(came, orders())
    assert.equal(refused.body.error, 'invalid_dpop_proof')
    assert.equal(refused.body.code, 'proof.missing')
    const { location } = await stranger.authorize(orders())
    const back = new URL(location)
    assert.equal(`${back.origin}${back.pathname}`, stranger.redirectUrl)
    assert.equal(back.searchParams.get('error'), 'invalid_request')
    assert.match(back.searchParams.get('error_description') ?? '', /dpop_jkt/)
    const { thumbprint } = await newKey()
    const announced = await stranger.authorize(orders(), { dpop_jkt: thumbprint })
    assert.match(announced.location, /\/authorize\//)
    const metadata = await send(`${world().gateway}/.well-known/oauth-protected-resource/orders`)
    assert.equal(metadata.body.dpop_bound_access_tokens_required, true)
  })

  it('a client that proves its key at the token endpoint alone (RFC 9449 section 5) gets through', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const config = await openid.discovery(new URL(w.issuer), stranger.id, {}, openid.None(), {
      execute: [openid.allowInsecureRequests],
    })
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const enter = async () => {
      const pkceCodeVerifier = openid.randomPKCECodeVerifier()
      const url = openid.buildAuthorizationUrl(config, {
        ...{ redirect_uri: stranger.redirectUrl, resource: orders(), state: 'st' },
        code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      })
      assert.equal(url.searchParams.get('dpop_jkt'), null)
      const page = await stranger.ask('sam', url)
      const options = { pkceCodeVerifier, expectedState: 'st' }
      const back = await stranger.answered(page)
      const got = await openid.authorizationCodeGrant(config, back, options, undefined, { DPoP })
      return { page, token: got.access_token, type: got.token_type }
    }
    const first = await enter()
    assert.match(first.page.text, /shown no key yet/)
    assert.equal(first.type, 'dpop')
    const at = new URL(`${orders()}/orders/1042`)
    const options = { DPoP }
    const read = await openid.fetchProtectedResource(
      ...([config, first.token, at, 'GET', undefined, undefined, options] as const),
    )
    assert.equal(read.status, 200)
    const again = await enter()
    assert.doesNotMatch(again.page.text, /shown no key yet/)
  })

  it('contract 13.6: a client that registered itself asks its person about what is of high risk, also with a key', async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    await setRisk(w.rooms.connections, { action: 'orders.refund', risk: 'high', by })
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    stranger.verifier = VERIFIER
    const key = await newKey()
    const proofOf = (url: string, token?: string) =>
      proof(w.clock, key, { method: 'POST', url, token })
    const back = await stranger.answered(await stranger.ask('sam', stranger.asking(orders())))
    const tokens = await stranger.redeem(
      ...([back, orders(), {}, await proofOf(`${w.issuer}/oauth/token`)] as const),
    )
    assert.equal(tokens.body.token_type, 'DPoP', JSON.stringify(tokens.body))
    await setTrust(w.rooms.agents, { agentId: stranger.id, trust: 1, by })
    const url = `${orders()}/orders/1042/refunds`
    const next = await stranger.refresh(
      { refresh_token: String(tokens.body.refresh_token) },
      await proofOf(`${w.issuer}/oauth/token`),
    )
    const token = String(next.body.access_token)
    const refund = await send(url, {
      method: 'POST',
      headers: [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', await proofOf(url, token)],
        ['Content-Type', 'application/json'],
      ],
      body: JSON.stringify({ amount: 10 }),
    })
    assert.equal(refund.body.code, 'approval.required', refund.text)
    const { id } = Object(refund.body.access_request)
    const asked = await findRequest(w.rooms.decisions, String(id))
    assert.deepEqual(asked?.ask.approvers, [['represented', 'manager']])
    const page = `${w.issuer}/approvals/${id}`
    const [ada, sam] = [await w.browser('ada'), await w.browser('sam')]
    await assert.rejects(ada.submit(await ada.get(page), /^Approve once/), 'an administrator')
    assert.equal((await sam.submit(await sam.get(page), /^Approve once/)).status, 200)
  })

  it('are asked about once they say that they have one', async () => {
    const announcing = await Stranger.arrive(world())
    const { thumbprint } = await newKey()
    const announced = await announcing.authorize(orders(), { dpop_jkt: thumbprint })
    assert.match(announced.location, /^\/authorize\/|\/authorize\//)
    const registered = await Stranger.arrive(world())
    const said = await registered.register({ dpop_bound_access_tokens: true })
    assert.equal(said.body.dpop_bound_access_tokens, true)
    // RFC 9449 section 5.2: whoever says so is held to it.
    const refused = await registered.redeem(await comeBack(registered), orders())
    assert.equal(refused.body.code, 'proof.missing')
  })

  it('get opaque tokens of five minutes where an administrator lets them in, and refresh them', async () => {
    await set('allowed')
    const stranger = await Stranger.arrive(world())
    const got = await stranger.redeem(await comeBack(stranger), orders())
    assert.equal(got.status, 200, JSON.stringify(got.body))
    assert.equal(got.body.token_type, 'Bearer')
    assert.ok(Number(got.body.expires_in) <= 300)
    assert.match(String(got.body.access_token), /^remit_at_/)
    const read = (token: unknown) =>
      send(`${orders()}/orders/1042`, { headers: [['Authorization', `Bearer ${token}`]] })
    assert.equal((await read(got.body.access_token)).status, 200)
    const refresh_token = String(got.body.refresh_token)
    const next = await stranger.refresh({ refresh_token })
    assert.equal(next.body.token_type, 'Bearer')
    assert.equal((await read(next.body.access_token)).status, 200)
    const { headers, status } = await read('nothing')
    assert.equal(status, 401)
    assert.match(String(headers['www-authenticate']), /^Bearer /)
    // What is risky is looked at each time: no answer is for more than one call.
    const refund = await send(`${orders()}/orders/1042/refunds`, {
      method: 'POST',
      headers: [
        ['Authorization', `Bearer ${next.body.access_token}`],
        ['Content-Type', 'application/json'],
      ],
      body: JSON.stringify({ amount: 10 }),
    })
    assert.equal(refund.body.code, 'approval.required', refund.text)
    const { id } = Object(refund.body.access_request)
    const asked = await findRequest(world().rooms.decisions, String(id))
    assert.match(asked ? (onlyOnce(asked) ?? '') : 'unknown', /no key/)
    // Nothing from before counts when it is taken back.
    await set('refused')
    assert.equal((await read(next.body.access_token)).status, 401)
  })
})
