import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type CryptoKey, importJWK } from 'jose'
import { findAgent, setNotifyAt } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { type FakeProvider, fakeProvider } from '../../src/identity/identity-providers/testing.ts'
import { addIssuer } from '../../src/identity/issuers/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { pendingConsents } from '../../src/tasks/consent/index.ts'
import { grantSponsorship } from '../../src/tasks/sponsorship/index.ts'
import { ACCESS_TOKEN, ID_TOKEN, TOKEN_EXCHANGE } from '../agent.ts'
import { addAgent, orders } from '../delegation.ts'
import { enforcerOf } from '../introspection/asking.ts'
import { Stranger } from '../mcp/stranger.ts'
import { allOf, type KnownShop, letIn, shopDirect } from '../sdk/shops.ts'
import { decode, type TestKey } from '../signing.ts'
import { until } from '../until.ts'
import { startUpstream, type Upstream } from '../upstream.ts'
import { Platform } from '../ways/platform.ts'
import { World } from '../world.ts'
import type { LibraryClient } from './library.ts'
import { OAUTH4WEBAPI } from './oauth4webapi.ts'
import { OPENID_CLIENT } from './openid-client.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const DEFERRED = 'urn:ietf:params:oauth:grant-type:deferred'
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const VERIFIER = 'v'.repeat(43)
const MINUTE = 60_000

const LET_IN = `
@id("let-in-at-orders")
permit (principal is Agent, action == Action::"orders.read", resource == Resource::"orders")
when { principal.trust >= 1 };
`

/**
 * Tests make the same requests with each library, at one server that demands a nonce of every
 * proof.
 */
describe('every grant, by client libraries that know nothing of Remit', () => {
  let world: World
  let partner: FakeProvider
  let platform: Platform
  let shop: KnownShop
  let api: { readonly id: string; readonly secret: string }
  let ears: Upstream
  let counted = 0

  before(async () => {
    // What is tested is on the wire; that it is the same on both engines, other tests say.
    world = await World.start('sqlite', { nonces: 'always', deviceCodes: true })
    const ada = await world.person('ada')
    const { id: by } = ada
    partner = await fakeProvider()
    world.onStop(() => partner.close())
    platform = await Platform.trusted(world, (await world.person('fiona')).id)
    const { issuers } = world.rooms
    const terms = { trust: 3, ceiling: null, ownerId: by, by }
    await addIssuer(issuers, {
      ...{ ...terms, name: 'partner', issuer: partner.issuer, uses: ['id_jag', 'chaining'] },
      people: { provider: world.provider, delegates: true },
    })
    await addIssuer(issuers, {
      ...{ ...terms, name: 'their-server', issuer: 'https://their.example', uses: ['peer'] },
      peer: { resources: [world.orders], clients: { 'refund-bot': 'desk' } },
    })
    await addAdmissionRule(world.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ownerId: by, by },
      ceiling: [orders(world, 'orders.read', 'orders.list')],
    })
    const agent = await findAgent(world.rooms.storage.read, 'refund-bot')
    assert.ok(agent)
    const { kindOf } = await world.rooms.catalog.current()
    const sponsored = {
      ...{ agent, sponsor: ada, purpose: 'count orders at night' },
      ...{ details: [orders(world, 'orders.list')], rate: { tasks: 9, seconds: 60 } },
      expiresAt: world.clock.now() + 60 * MINUTE,
    }
    await grantSponsorship(world.rooms.decisions, sponsored, kindOf)
    await addAgent(world, 'helper', 'sam')
    shop = await shopDirect(world, 'web')
    await letIn(world, [shop])
    const { policies, policy } = world.rooms
    const { text } = await policies.version((await policies.active()).version)
    await publishPolicies(policy, { text: text + LET_IN, by, note: 'for tests' })
    api = await enforcerOf(world, shop)
    ears = await startUpstream()
    world.onStop(() => ears.close())
    ears.answer = (_request, reply) => void reply.writeHead(204).end()
  })
  after(() => world?.stop())

  const keyOf = async ({ privateJwk }: TestKey) =>
    (await importJWK(privateJwk, 'ES256')) as CryptoKey // as: an EC key is no secret

  /** Asserts a person as a partner does. */
  function asserted(typ: string): Promise<string> {
    const iat = Math.floor(world.clock.now() / 1000)
    const times = { iat, exp: iat + 300, jti: `p${counted++}` }
    const said = { sub: 'sam', aud: world.issuer, client_id: 'refund-bot', scope: 'orders.read' }
    return partner.sign({ iss: partner.issuer, ...said, ...times }, { typ })
  }

  /** Sam finds the question at home, and allows it. */
  async function allow(): Promise<void> {
    const { id } = await world.person('sam')
    const [asked] = await pendingConsents(world.rooms.storage.read, id, world.clock.now())
    assert.ok(asked)
    const sam = await world.browser('sam')
    const page = await sam.get(`${world.issuer}/consent/${asked.id}`)
    assert.equal((await sam.allow(page)).status, 200)
  }

  it('a proof without a nonce gets nothing here', async () => {
    const { body } = await world.agent.ask({ subjectToken: await world.idToken() })
    assert.equal(body.error, 'use_dpop_nonce')
  })

  for (const { connect, name } of [OPENID_CLIENT, OAUTH4WEBAPI])
    describe(name, () => {
      /** A client of refund-bot with a fresh key, and so good for one task. */
      const bot = async () =>
        connect(world.issuer, { id: 'refund-bot', key: await keyOf(world.agent.key) })

      const wish = async (
        over: Readonly<Record<string, string>> = {},
        person = 'sam' as const,
      ) => ({
        subject_token: await world.idToken(person),
        subject_token_type: ID_TOKEN,
        purpose: 'refund order 1042',
        scope: 'orders.read',
        ...over,
      })

      async function opened() {
        const client = await bot()
        const details = JSON.stringify(world.everything)
        const { scope: _, ...asking } = await wish({ authorization_details: details })
        const said = await client.grant(TOKEN_EXCHANGE, asking)
        const id = String(said.task_id)
        return { task: await client.task(id), id, token: String(said.access_token) }
      }

      const exchange = (task: LibraryClient, token: string, more: object) =>
        task.grant(TOKEN_EXCHANGE, {
          ...{ subject_token: token, subject_token_type: ACCESS_TOKEN },
          ...more,
        })

      it('authorization code: pushed, with PKCE, details and `iss`; then refreshed', async () => {
        const stranger = await Stranger.arrive(world)
        await stranger.register()
        const client = await connect(world.issuer, { id: stranger.id })
        const state = 'a-state-of-the-program'
        const asking = { redirect_uri: stranger.redirectUrl, resource: world.orders }
        const details = JSON.stringify([orders(world, 'orders.read')])
        const page = await client.push(VERIFIER, {
          ...{ ...asking, state, authorization_details: details },
        })
        assert.match(String(page.searchParams.get('request_uri')), /^urn:/)
        const fields = { 'detail-0': 'yes' }
        const back = await stranger.answered(await stranger.ask('sam', page), { fields })
        assert.equal(back.searchParams.get('iss'), world.issuer)
        // Both libraries refuse an answer of another server.
        const mixed = new URL(back)
        mixed.searchParams.set('iss', 'https://other.example')
        await assert.rejects(client.redeem(mixed, VERIFIER, { ...asking, state }))
        const first = await client.redeem(back, VERIFIER, { ...asking, state })
        assert.deepEqual([first.token_type, first.scope], ['dpop', 'orders.read'])
        const call = await client.call(
          String(first.access_token),
          'GET',
          `${world.orders}/orders/1042`,
        )
        assert.equal(call.status, 200)
        const next = await client.refresh(String(first.refresh_token), {})
        assert.notEqual(next.access_token, first.access_token)
        await client.revoke(String(next.refresh_token))
        const error = 'invalid_grant'
        await assert.rejects(client.refresh(String(next.refresh_token), {}), { error })
      })

      it('client credentials: a task with no person present', async () => {
        const client = await bot()
        const said = await client.alone({ scope: 'orders.list' })
        assert.deepEqual([said.token_type, said.scope], ['dpop', 'orders.list'])
        assert.equal(decode(String(said.access_token)).claims.sub, 'refund-bot')
      })

      it('token exchange: a task, a token for an API, an assertion for another server', async () => {
        const { task, token } = await opened()
        const { access_token } = await exchange(task, token, { resource: world.orders })
        const url = `${world.orders}/orders/1042`
        assert.equal((await task.call(String(access_token), 'GET', url)).status, 200)
        // It is of no use to another client, which has a key of its own.
        await assert.rejects((await bot()).call(String(access_token), 'GET', url))
        const grant = await exchange(task, token, {
          ...{ requested_token_type: ID_JAG, audience: 'https://their.example' },
          ...{ resource: world.orders, scope: 'orders.read' },
        })
        assert.deepEqual([grant.token_type, grant.issued_token_type], ['n_a', ID_JAG])
        assert.equal(decode(String(grant.access_token)).header.typ, 'oauth-id-jag+jwt')
      })

      it('JWT bearer: the ticket of a child', async () => {
        const { id, task, token } = await opened()
        const asked = {
          ...{ agent: 'refund-bot', purpose: 'look at the order' },
          authorization_details: [orders(world, 'orders.read')],
        }
        const children = `${world.issuer}/v1/tasks/${id}/children`
        const made = await task.call(token, 'POST', children, asked)
        const { ticket } = (await made.json()) as { ticket: string }
        const said = await (await bot()).grant(JWT_BEARER, { assertion: ticket })
        assert.equal(said.token_type, 'dpop')
        const { task: child } = decode(String(said.access_token)).claims
        assert.equal(Object(child).parent, id)
      })

      it('JWT bearer: assertions of another organization, and grants of another domain', async () => {
        for (const typ of ['oauth-id-jag+jwt', 'JWT']) {
          const assertion = await asserted(typ)
          const said = await (await bot()).grant(JWT_BEARER, { assertion })
          assert.deepEqual([said.token_type, said.scope], ['dpop', 'orders.read'], typ)
          const again = (await bot()).grant(JWT_BEARER, { assertion })
          await assert.rejects(again, { error: 'invalid_grant' })
        }
      })

      it('JWT bearer: the token of a workload, which is all that it shows', async () => {
        const client = await connect(world.issuer, { id: 'not-looked-at' })
        const said = await client.grant(JWT_BEARER, { assertion: await platform.token() })
        assert.deepEqual([said.token_type, said.scope], ['dpop', 'echo.list'])
      })

      it('CIBA: polled, and pinged', async () => {
        const { id: by } = await world.person('ada')
        const set = { agentId: 'refund-bot', allowLoopback: true, by }
        await setNotifyAt(world.rooms.agents, { ...set, notifyAt: `${ears.origin}/ciba` })
        const { id: login_hint } = await world.person('sam')
        const asking = { scope: 'openid orders.read', login_hint }
        for (const mode of ['poll', 'ping']) {
          const client = await bot()
          const heard = ears.reached.length
          const client_notification_token = 'one-hundred-and-sixty-bits-of-it'
          const asked = await world.withoutConsents('sam', async () => {
            const question = await client.askPerson({
              ...{ ...asking, binding_message: `${name} ${mode}` },
              ...(mode === 'ping' ? { client_notification_token } : {}),
            })
            await allow()
            return question
          })
          if (mode === 'ping') {
            await until(async () => ears.reached.length > heard || undefined)
            const { auth_req_id } = asked
            assert.deepEqual(JSON.parse(ears.reached.at(-1)?.body ?? ''), { auth_req_id })
          }
          const said = await client.fetchAnswer(asked)
          assert.deepEqual([said.token_type, said.scope], ['dpop', 'orders.read'], mode)
        }
      })

      it('device code', async () => {
        const client = await bot()
        const asked = await client.askDevice({ scope: 'orders.read', purpose: `${name} in a hall` })
        const sam = await world.browser('sam')
        const page = await sam.get(`${world.issuer}/device`)
        const shown = await sam.submit(page, /^Go on/, { code: String(asked.user_code) })
        assert.equal((await sam.allow(shown)).status, 200)
        assert.equal((await client.fetchDevice(asked)).token_type, 'dpop')
      })

      it('deferred: asked about, answered, fetched', async () => {
        const client = await bot()
        // Of what nobody has consented to yet, something else for each library.
        const scope = name === 'openid-client' ? 'orders.read' : 'orders.list'
        const nils = { subject_token: await world.idToken('nils') }
        const asking = await wish({ ...nils, completion_mode: 'deferred', scope })
        const refused = await client.grant(TOKEN_EXCHANGE, asking).catch((error) => error)
        assert.equal(refused.error, 'interaction_required')
        const deferral_code = String(refused.cause.deferral_code)
        const waiting = { error: 'interaction_required' }
        await assert.rejects(client.grant(DEFERRED, { deferral_code }), waiting)
        const browser = await world.browser('nils')
        const page = await browser.get(String(refused.cause.interaction_uri))
        assert.equal((await browser.allow(page)).status, 200)
        const said = await client.grant(DEFERRED, { deferral_code })
        assert.deepEqual([said.token_type, said.scope], ['dpop', scope])
      })

      it('introspection, plain and signed, and revocation', async () => {
        const client = await bot()
        const details = JSON.stringify([allOf(shop)])
        const { scope: _, ...asking } = await wish({ authorization_details: details })
        const said = await client.grant(TOKEN_EXCHANGE, asking)
        const task = await client.task(String(said.task_id))
        const opener = String(said.access_token)
        const { access_token } = await exchange(task, opener, { resource: shop.identifier })
        const token = String(access_token)
        const asks = [await connect(world.issuer, api)]
        asks.push(await connect(world.issuer, { ...api, signedAnswers: true }))
        for (const one of asks) {
          const told = await one.introspect(token)
          assert.deepEqual([told.active, told.client_id], [true, said.task_id])
        }
        await task.revoke(opener)
        for (const one of asks) assert.equal((await one.introspect(token)).active, false)
      })
    })
})
