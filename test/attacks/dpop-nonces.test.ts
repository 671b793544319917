import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { type CryptoKey, importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { findDecision } from '../../src/tasks/decision-log/index.ts'
import { ID_TOKEN, JWT_BEARER, type OpenTask, postForm, TOKEN_EXCHANGE } from '../agent.ts'
import { allEnded } from '../ended.ts'
import { Stranger } from '../mcp/stranger.ts'
import { assertDenied, assertNoToken, assertRefused } from '../refusals.ts'
import { allOf, type KnownShop, letIn, sdkTask, shopDirect } from '../sdk/shops.ts'
import { newKey } from '../signing.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

const THINGS = '/echo/things'
const BODY = { body: '{"name":"x"}' }

function nonceOf({ headers }: Answer): string {
  const { 'dpop-nonce': nonce } = headers
  assert.equal(typeof nonce, 'string')
  return String(nonce)
}

async function withNonce(w: World, task: OpenTask, nonce: string, token: string) {
  const claims = { nonce }
  return w.agent.call(task, 'POST', THINGS, { token, ...BODY, proof: { claims } })
}

inEachWorld(
  'nonces that are demanded of changes',
  (world) => {
    let task: OpenTask
    let token: string

    before(async () => {
      task = await world().open()
      token = await world().agent.token(task, `${world().gateway}/echo`)
    })

    it('reading and tokens need none, changing does, and is told which', async () => {
      const w = world()
      const read = await w.agent.call(task, 'GET', `${THINGS}/1`, { token })
      assert.equal(read.status, 200, read.text)
      assert.equal(read.headers['dpop-nonce'], undefined)
      const reached = w.echo.reached.length
      const refused = await w.agent.call(task, 'POST', THINGS, { token, ...BODY })
      assertDenied(refused, 'proof.nonce_required')
      assert.match(String(refused.headers['www-authenticate']), /^DPoP error="use_dpop_nonce"/)
      assert.equal(w.echo.reached.length, reached, 'nothing was sent')
      const done = await withNonce(w, task, nonceOf(refused), token)
      assert.ok(done.status < 300, done.text)
      const again = await withNonce(w, task, nonceOf(refused), token)
      assert.ok(again.status < 300, 'one nonce serves many proofs')
    })

    it('being asked for one is recorded as that, and as no denial', async () => {
      const w = world()
      await allEnded(w, task)
      const before = (await w.ledger()).length
      await w.agent.call(task, 'POST', THINGS, { token, ...BODY })
      const [asked, ...more] = (await w.ledger()).slice(before)
      assert.deepEqual(more, [])
      assert.equal(asked?.type, 'proof.challenged')
      assert.equal(asked?.outcome, 'challenged')
      const decision = await findDecision(w.rooms.storage.read, String(asked?.decision_id))
      assert.equal(decision?.outcome, 'challenged')
    })

    it('D5: a proof made ahead of time, a nonce of another server, an old one, one made up', async () => {
      const w = world()
      const refused = await w.agent.call(task, 'POST', THINGS, { token, ...BODY })
      const good = nonceOf(refused)
      const elsewhere = nonceOf(await w.agent.about(task, 'POST', '/children', { body: '{}' }))
      assert.notEqual(elsewhere, good)
      for (const bad of [elsewhere, '', 'x', `${good}A`, good.replace(/^./, '0')])
        assertDenied(await withNonce(w, task, bad, token), 'proof.nonce_required', bad)
      const url = w.gateway + THINGS
      const claims = { nonce: good }
      const proof = await w.agent.proof(task.key, { method: 'POST', url, token }, { claims })
      const first = await w.agent.call(task, 'POST', THINGS, { token, ...BODY, proofs: [proof] })
      assert.ok(first.status < 300, first.text)
      const replay = await w.agent.call(task, 'POST', THINGS, { token, ...BODY, proofs: [proof] })
      assertDenied(replay, 'proof.replayed', 'D1: a nonce makes no proof good twice')
    })

    it('a nonce heals nothing else: another key, another method, another token', async () => {
      const w = world()
      const nonce = nonceOf(await w.agent.call(task, 'POST', THINGS, { token, ...BODY }))
      const other = await w.open()
      assertDenied(await withNonce(w, { ...other }, nonce, token), 'proof.wrong_key')
      const wrong = await w.agent.call(task, 'POST', THINGS, {
        token,
        ...BODY,
        proof: { claims: { nonce, htm: 'PUT' } },
      })
      assertDenied(wrong, 'proof.wrong_request')
      const unbound = await w.agent.call(task, 'POST', THINGS, {
        token,
        ...BODY,
        proof: { claims: { nonce, ath: undefined } },
      })
      assertDenied(unbound, 'proof.wrong_token')
    })

    it('what a task changes at Remit needs one, what it reads or ends does not', async () => {
      const w = world()
      const own = await w.open()
      assert.equal((await w.agent.about(own, 'GET', '')).status, 200)
      const refused = await w.agent.about(own, 'POST', '/children', { body: '{}' })
      assertRefused(refused, 'proof.nonce_required')
      assert.match(String(refused.headers['www-authenticate']), /^DPoP error="use_dpop_nonce"/)
      const claims = { nonce: nonceOf(refused) }
      const body = JSON.stringify({})
      const again = await w.agent.about(own, 'POST', '/children', { body, proof: { claims } })
      assert.equal(again.body.code, 'request.malformed', again.text)
      assert.ok((await w.agent.about(own, 'DELETE', '')).status < 300)
    })

    it('one goes on being good when the server starts anew', async () => {
      const w = world()
      const nonce = nonceOf(await w.agent.call(task, 'POST', THINGS, { token, ...BODY }))
      await w.restart()
      assert.ok((await withNonce(w, task, nonce, token)).status < 300)
    })

    it('the SDK brings one: through the gateway, to a direct API, and about itself', async () => {
      const w = world()
      const shop: KnownShop = await shopDirect(w, 'web')
      await letIn(w, [shop])
      const sdk = await sdkTask(w, { details: [allOf(shop)] })
      const buy = () =>
        sdk.fetch(`${shop.identifier}/items/lamp/orders`, {
          resource: shop.identifier,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"amount": 12.50}',
        })
      for (const _ of [1, 2]) {
        const answer = await buy()
        assert.equal(answer.status, 200, await answer.clone().text())
      }
      assert.equal(shop.handled.length, 2)
      await sdk.close()
    })
  },
  { nonces: 'auto' },
)

inEachWorld(
  'nonces that are always demanded',
  (world) => {
    it('an opening without one: told which, and neither assertion nor subject token are used up', async () => {
      const w = world()
      const subjectToken = await w.idToken()
      const wish = { subjectToken, scope: 'orders.read' }
      const assertion = await w.agent.assertion()
      const form = { client_assertion: assertion }
      const refused = await w.agent.ask(wish, { form })
      assertNoToken(refused, 'use_dpop_nonce', 'proof.nonce_required')
      const claims = { nonce: nonceOf(refused) }
      const opened = await w.agent.ask(wish, { form, proof: { claims } })
      assert.equal(opened.status, 200, opened.text)
    })

    it('oauth4webapi opens, exchanges and calls', async () => {
      const w = world()
      const http = { [oauth.allowInsecureRequests]: true }
      const url = new URL(w.issuer)
      const server = await oauth.processDiscoveryResponse(
        url,
        await oauth.discoveryRequest(url, { ...http, algorithm: 'oauth2' }),
      )
      const agent: oauth.Client = { client_id: 'refund-bot' }
      const DPoP = oauth.DPoP(agent, await oauth.generateKeyPair('ES256'))
      const subject_token = await w.idToken()
      const parameters = {
        ...{ subject_token, subject_token_type: ID_TOKEN },
        ...{ purpose: 'look at orders', scope: 'orders.read', resource: w.orders },
      }
      let told = 0
      const open = async (): Promise<oauth.TokenEndpointResponse> => {
        const key = (await importJWK(w.agent.key.privateJwk, 'ES256')) as CryptoKey // an EC key is no secret
        const answer = await oauth.genericTokenEndpointRequest(
          server,
          agent,
          oauth.PrivateKeyJwt(key),
          TOKEN_EXCHANGE,
          parameters,
          { ...http, DPoP },
        )
        return oauth
          .processGenericTokenEndpointResponse(server, agent, answer)
          .catch((error: unknown) => {
            if (!oauth.isDPoPNonceError(error) || told++ > 0) throw error
            return open()
          })
      }
      const { access_token } = await open()
      assert.equal(told, 1)
      const call = () =>
        oauth.protectedResourceRequest(
          access_token,
          'GET',
          new URL(`${w.orders}/orders/1042`),
          undefined,
          undefined,
          { ...http, DPoP },
        )
      const done = await call().catch((error: unknown) => {
        if (!oauth.isDPoPNonceError(error)) throw error
        return call()
      })
      assert.equal(done.status, 200)
    })

    it('openid-client does it by itself', async () => {
      const w = world()
      const key = (await importJWK(w.agent.key.privateJwk, 'ES256')) as CryptoKey // an EC key is no secret
      const config = await openid.discovery(
        new URL(w.issuer),
        'refund-bot',
        undefined,
        openid.PrivateKeyJwt(key),
        { execute: [openid.allowInsecureRequests] },
      )
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      const opened = await openid.genericGrantRequest(
        config,
        TOKEN_EXCHANGE,
        {
          ...{ subject_token: await w.idToken(), subject_token_type: ID_TOKEN },
          ...{ purpose: 'look around', scope: 'orders.read' },
        },
        { DPoP },
      )
      assert.ok(String(opened.task_id).startsWith('tsk_'))
      // The nonce of the token endpoint is the one of the issuer: it counts where requests are pushed, too.
      const stranger = await Stranger.arrive(w)
      await stranger.register()
      const pushing = await openid.discovery(new URL(w.issuer), stranger.id, {}, openid.None(), {
        execute: [openid.allowInsecureRequests],
      })
      const asked = Object.fromEntries(stranger.asking(w.orders).searchParams)
      const handle = openid.getDPoPHandle(pushing, await openid.randomDPoPKeyPair('ES256'))
      for (const _ of [1, 2]) {
        const url = await openid.buildAuthorizationUrlWithPAR(pushing, asked, { DPoP: handle })
        assert.match(String(url.searchParams.get('request_uri')), /^urn:/)
      }
    })

    it('wherever a proof can come, one without a nonce is told which, and uses up nothing else', async () => {
      const w = world()
      const { id: login_hint } = await w.person('sam')
      const stranger = await Stranger.arrive(w)
      await stranger.register()
      const wish = { scope: 'orders.read', purpose: 'look at orders' }
      const pushed = Object.fromEntries(stranger.asking(w.orders).searchParams)
      const key = await newKey()
      const as = async () => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
      })
      const ask = async (path: string, form: Record<string, string>, nonce?: unknown) => {
        const url = `${w.issuer}${path}`
        const claims = nonce === undefined ? {} : { nonce }
        const dpop = await w.agent.proof(key, { method: 'POST', url }, { claims })
        return postForm(url, form, [['DPoP', dpop]])
      }
      let code = ''
      for (const [path, form, gets] of [
        ['/oauth/bc-authorize', { ...wish, login_hint, ...(await as()) }, 'auth_req_id'],
        ['/oauth/device_authorization', { ...wish, ...(await as()) }, 'device_code'],
        ['/oauth/par', pushed, 'request_uri'],
        ['/oauth/revoke', { ...(await as()) }, undefined],
      ] as const) {
        const given = gets === undefined ? { ...form, token: code } : form
        for (const bad of [undefined, '', 'x']) {
          const refused = await ask(path, given, bad)
          assertNoToken(refused, 'use_dpop_nonce', 'proof.nonce_required', `${path} ${bad}`)
        }
        const done = await ask(path, given, nonceOf(await ask(path, given)))
        assert.ok(done.status < 300, `${path} ${done.text}`)
        if (gets === 'auth_req_id') code = String(done.body.auth_req_id)
      }
    })

    it('the SDK opens a task', async () => {
      const w = world()
      const sdk = await sdkTask(w, { scope: 'orders.read' })
      const answer = await sdk.fetch(`${w.orders}/orders/1042`)
      assert.equal(answer.status, 200, await answer.clone().text())
      await sdk.close()
    })
  },
  { nonces: 'always', deviceCodes: true },
)
