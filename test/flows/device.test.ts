import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { JWT_BEARER, postForm, type TestAgent } from '../agent.ts'
import { addAgent } from '../delegation.ts'
import { Stranger } from '../mcp/stranger.ts'
import { assertNoToken } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld, type PersonName, World } from '../world.ts'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

async function begin(w: World, over: Record<string, string> = {}) {
  const form = {
    client_assertion_type: JWT_BEARER,
    client_assertion: await w.agent.assertion(),
    scope: 'orders.read',
    purpose: 'a display in the hall',
    ...over,
  }
  return send(`${w.issuer}/oauth/device_authorization`, {
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: String(new URLSearchParams(form)),
  })
}

async function type(w: World, name: PersonName, code: string) {
  const browser = await w.browser(name)
  const page = await browser.get(`${w.issuer}/device`)
  return { browser, shown: await browser.submit(page, /^Go on/, { code }) }
}

async function poll(w: World, code: unknown, key: Awaited<ReturnType<typeof newKey>>) {
  return w.agent.tokenRequest(key, {
    grant_type: DEVICE_CODE,
    device_code: String(code),
    client_assertion_type: JWT_BEARER,
    client_assertion: await w.agent.assertion(),
  })
}

inEachWorld(
  'device codes (RFC 8628)',
  (world) => {
    it('openid-client shows a code, a person types it, sees what it is, and allows it', async () => {
      const w = world()
      const key = await importJWK(w.agent.key.privateJwk, 'ES256')
      if (key instanceof Uint8Array) throw new Error('an EC key is no secret')
      const config = await openid.discovery(
        new URL(w.issuer),
        'refund-bot',
        undefined,
        openid.PrivateKeyJwt(key),
        { execute: [openid.allowInsecureRequests] },
      )
      const asked = await openid.initiateDeviceAuthorization(config, {
        scope: 'orders.read',
        purpose: 'a display in the hall',
      })
      assert.match(asked.user_code, /^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/)
      assert.equal(asked.expires_in, 300)
      assert.equal(asked.verification_uri, `${w.issuer}/device`)
      assert.equal(asked.verification_uri_complete, undefined, 'nothing to send around')
      const typed = asked.user_code.toLowerCase().replace('-', ' ')
      const { browser, shown } = await type(w, 'sam', typed)
      for (const hint of [
        'Only if you started this yourself',
        'refund-bot',
        'a display in the hall',
        'Started from',
        '127.0.0.1',
      ])
        assert.ok(shown.text.includes(hint), hint)
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      const ask = () =>
        openid.genericGrantRequest(
          config,
          DEVICE_CODE,
          { device_code: asked.device_code },
          { DPoP },
        )
      await assert.rejects(ask(), { error: 'authorization_pending' })
      assert.equal((await browser.allow(shown)).status, 200)
      const opened = await ask()
      assert.equal(opened.scope, 'orders.read')
      await assert.rejects(ask(), { error: 'invalid_grant' })
    })

    it('oauth4webapi finds and reads it too', async () => {
      const w = world()
      const url = new URL(w.issuer)
      const http = { [oauth.allowInsecureRequests]: true }
      const found = await oauth.discoveryRequest(url, { ...http, algorithm: 'oauth2' })
      const server = await oauth.processDiscoveryResponse(url, found)
      const key = await importJWK(w.agent.key.privateJwk, 'ES256')
      if (key instanceof Uint8Array) throw new Error('an EC key is no secret')
      const agent: oauth.Client = { client_id: 'refund-bot' }
      const response = await oauth.deviceAuthorizationRequest(
        server,
        agent,
        oauth.PrivateKeyJwt(key),
        { scope: 'orders.list', purpose: 'list' },
        http,
      )
      const asked = await oauth.processDeviceAuthorizationResponse(server, agent, response)
      const { browser, shown } = await type(w, 'sam', asked.user_code)
      await browser.submit(shown, /^Refuse/)
      const denied = await poll(w, asked.device_code, await newKey())
      assertNoToken(denied, 'access_denied', 'deferral.denied')
    })

    it('A11: a code is for one person, for five minutes, and does nothing by itself', async () => {
      const w = world()
      const { body } = await begin(w)
      const key = await newKey()
      assertNoToken(
        await poll(w, body.device_code, key),
        'authorization_pending',
        'deferral.pending',
      )
      const signedOut = await send(`${w.issuer}/device`)
      assert.equal(signedOut.status, 303)
      assert.match(String(signedOut.headers.location), /^\/sign-in/)
      const wrong = await type(w, 'sam', 'BBBB-BBBB')
      assert.equal(wrong.shown.status, 400)
      const { shown } = await type(w, 'sam', String(body.user_code))
      assert.equal(shown.status, 200)
      const second = await type(w, 'fiona', String(body.user_code))
      assert.equal(second.shown.status, 400)
      assert.ok(second.shown.text.includes('already typed'))
      const fiona = await w.browser('fiona')
      assert.equal((await fiona.get(shown.url)).status, 404, 'it is not her question')
      const late = (await begin(w)).body
      w.clock.advance(300_001)
      assert.equal((await type(w, 'sam', String(late.user_code))).shown.status, 400)
      assertNoToken(await poll(w, body.device_code, key), 'expired_token', 'deferral.expired')
    })

    it('an agent that may not, or asks for nothing, is shown no code', async () => {
      const w = world()
      assertNoToken(await begin(w, { scope: 'no.such' }), 'invalid_scope', 'task.bad_scope')
      assertNoToken(
        await begin(w, { client_assertion: 'x' }),
        'invalid_client',
        'agent.unauthenticated',
      )
      assertNoToken(await begin(w, { purpose: '' }), 'invalid_request', 'oauth.invalid_request')
    })

    it('A11: so many wait at once, of one agent and of all, and whoever gives up makes room', async () => {
      const w = world()
      // What waited before is over.
      w.clock.advance(11 * 60_000)
      const isFull = ({ body, headers, status }: Answer) => {
        if (status === 200) return false
        assert.deepEqual(
          [status, body.error, body.code ?? headers['remit-problem']],
          [429, 'temporarily_unavailable', 'deferral.too_many'],
        )
        assert.ok(Number(headers['retry-after']) > 0)
        return true
      }
      const fill = async (as: TestAgent, asked: () => Promise<Answer>): Promise<Answer[]> => {
        const got = await asked()
        return isFull(got) ? [] : [got, ...(await fill(as, asked))]
      }
      // Codes that no person typed have a third of the agent's places.
      const mine = await fill(w.agent, () => begin(w))
      assert.equal(mine.length, 6)
      const { id: login_hint } = await w.person('sam')
      const ask = async (as: TestAgent) =>
        postForm(
          `${w.issuer}/oauth/bc-authorize`,
          {
            client_assertion_type: JWT_BEARER,
            client_assertion: await as.assertion(),
            ...{ scope: 'orders.read', purpose: 'look at orders', login_hint },
          },
          [],
        )
      assert.equal((await ask(w.agent)).status, 200, 'a person finds a place beside them')
      const url = `${w.issuer}/oauth/revoke`
      const gone = await postForm(
        url,
        {
          client_assertion_type: JWT_BEARER,
          client_assertion: await w.agent.assertion(),
          token: String(mine[0]?.body.device_code),
        },
        [['DPoP', await w.agent.proof(await newKey(), { method: 'POST', url })]],
      )
      assert.equal(gone.status, 200, gone.text)
      assert.equal((await fill(w.agent, () => begin(w))).length, 1)
      const other = await addAgent(w, 'other-bot', 'ada')
      w.clock.advance(5_000)
      const theirs = async () =>
        begin(w, { client_assertion: await other.assertion(), purpose: 'other' })
      assert.equal((await fill(other, theirs)).length, 1, 'eight in all')
      assert.ok(isFull(await ask(w.agent)), 'whichever way it waits')
    })

    it('A11: so many requests are pushed and not used, and each ends within a minute', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.register({ dpop_bound_access_tokens: true })
      const asked = Object.fromEntries(stranger.asking(w.orders).searchParams)
      const push = () => postForm(`${w.issuer}/oauth/par`, asked, [])
      for (let n = 0; n < 8; n++) assert.equal((await push()).status, 201)
      const full = await push()
      assert.deepEqual(
        [full.status, full.body.error, full.body.code],
        [429, 'temporarily_unavailable', 'authorization.too_many'],
      )
      w.clock.advance(61_000)
      assert.equal((await push()).status, 201)
    })
  },
  {
    consented: false,
    deviceCodes: true,
    settings: { REMIT_MOST_WAITING: '8', REMIT_MOST_WAITING_OF_AGENT: '18' },
  },
)

describe('device codes that are not switched on', () => {
  it('are not there at all', async (t) => {
    const w = await World.start('sqlite')
    t.after(() => w.stop())
    const { body } = await send(`${w.issuer}/.well-known/oauth-authorization-server`)
    assert.equal(body.device_authorization_endpoint, undefined)
    assert.ok(!(body.grant_types_supported as string[]).includes(DEVICE_CODE))
    assert.equal((await begin(w)).status, 404)
    const sam = await w.browser('sam')
    assert.equal((await sam.get(`${w.issuer}/device`)).status, 404)
    const answer = await poll(w, `remit_vc_${'A'.repeat(43)}`, await newKey())
    const { body: refused, status, text } = answer
    assert.deepEqual([status, refused.error], [400, 'unsupported_grant_type'], text)
  })
})
