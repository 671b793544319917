import assert from 'node:assert/strict'
import { it } from 'node:test'
import { importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { everythingTicked } from '../../examples/refund-desk/browser.ts'
import { setNotifyAt } from '../../src/identity/agents/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { JWT_BEARER } from '../agent.ts'
import { assertNoToken } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { until } from '../until.ts'
import { startUpstream } from '../upstream.ts'
import { send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const DEFERRED = 'urn:ietf:params:oauth:grant-type:deferred'
const DEFERRAL_CODE = 'urn:ietf:params:oauth:token-type:deferral-code'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
/** Loopback without TLS. */
const HTTP = { [oauth.allowInsecureRequests]: true }

async function agentKey(w: World) {
  const key = await importJWK(w.agent.key.privateJwk, 'ES256')
  if (key instanceof Uint8Array) throw new Error('an EC key is no secret')
  return key
}

async function wish(w: World, action: string, over: Record<string, string> = {}) {
  return {
    subject_token: await w.idToken(),
    subject_token_type: ID_TOKEN,
    purpose: `deferred: ${action}`,
    scope: action,
    completion_mode: 'deferred',
    ...over,
  }
}

async function answer(w: World, page: unknown, button: RegExp): Promise<void> {
  const sam = await w.browser('sam')
  const asked = await sam.get(String(page))
  assert.equal((await sam.submit(asked, button, everythingTicked(asked))).status, 200)
}

inEachWorld(
  'deferred token responses',
  (world) => {
    it('openid-client waits, the person answers, the task works', async () => {
      const w = world()
      const config = await openid.discovery(
        new URL(w.issuer),
        'refund-bot',
        undefined,
        openid.PrivateKeyJwt(await agentKey(w)),
        { execute: [openid.allowInsecureRequests] },
      )
      assert.equal(config.serverMetadata().deferred_token_response_supported, true)
      const codes = config.serverMetadata().revocation_endpoint_token_type_values_supported
      assert.ok(Array.isArray(codes) && codes.includes(DEFERRAL_CODE))
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      const asked = await openid
        .genericGrantRequest(config, TOKEN_EXCHANGE, await wish(w, 'orders.read'), { DPoP })
        .catch((error: unknown) => error)
      assert.ok(asked instanceof openid.ResponseBodyError)
      assert.equal(asked.error, 'interaction_required')
      assert.equal(asked.status, 400)
      const { deferral_code: code, interaction_uri: page, interval } = asked.cause
      assert.equal(interval, 5)
      const poll = () =>
        openid.genericGrantRequest(config, DEFERRED, { deferral_code: String(code) }, { DPoP })
      await assert.rejects(poll(), (error: unknown) => {
        assert.ok(error instanceof openid.ResponseBodyError)
        assert.equal(error.error, 'interaction_required')
        assert.equal(error.cause.interaction_uri, page)
        assert.equal(error.cause.deferral_code, undefined)
        return true
      })
      await answer(w, page, /^Allow/)
      const opened = await poll()
      assert.equal(opened.token_type, 'dpop')
      assert.equal(opened.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
      assert.equal(opened.scope, 'orders.read')
      assert.ok(String(opened.task_id).startsWith('tsk_'))
      await assert.rejects(poll(), { error: 'invalid_grant' })
      assert.ok(!w.log.includes(String(code)), 'a code is not logged')
    })

    it('oauth4webapi does the same, and cancels', async () => {
      const w = world()
      const url = new URL(w.issuer)
      const server = await oauth.processDiscoveryResponse(
        url,
        await oauth.discoveryRequest(url, { ...HTTP, algorithm: 'oauth2' }),
      )
      const agent: oauth.Client = { client_id: 'refund-bot' }
      const auth = oauth.PrivateKeyJwt(await agentKey(w))
      const DPoP = oauth.DPoP(agent, await oauth.generateKeyPair('ES256'))
      const request = async (grant: string, form: Record<string, string>) => {
        const sent = { ...HTTP, DPoP }
        const got = await oauth.genericTokenEndpointRequest(server, agent, auth, grant, form, sent)
        return oauth
          .processGenericTokenEndpointResponse(server, agent, got)
          .catch((error: unknown) => {
            assert.ok(error instanceof oauth.ResponseBodyError)
            return error
          })
      }
      const asked = await request(TOKEN_EXCHANGE, await wish(w, 'orders.list'))
      assert.ok(asked instanceof oauth.ResponseBodyError)
      const code = String(asked.cause.deferral_code)
      await answer(w, asked.cause.interaction_uri, /^Allow/)
      const opened = await request(DEFERRED, { deferral_code: code })
      assert.ok(!(opened instanceof Error) && String(opened.task_id).startsWith('tsk_'))

      const second = await request(TOKEN_EXCHANGE, await wish(w, 'orders.refund'))
      assert.ok(second instanceof oauth.ResponseBodyError)
      const other = String(second.cause.deferral_code)
      const revoke = async (extra: readonly (readonly [string, string])[]) =>
        send(`${w.issuer}/oauth/revoke`, {
          method: 'POST',
          headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...extra],
          body: String(
            new URLSearchParams({
              token: other,
              token_type_hint: DEFERRAL_CODE,
              client_assertion_type: JWT_BEARER,
              client_assertion: await w.agent.assertion(),
            }),
          ),
        })
      assertNoToken(await revoke([]), 'invalid_dpop_proof', 'proof.missing')
      const revoked = await oauth.genericTokenEndpointRequest(
        { ...server, token_endpoint: server.revocation_endpoint ?? '' },
        agent,
        auth,
        'x',
        { token: other, token_type_hint: DEFERRAL_CODE },
        { ...HTTP, DPoP },
      )
      assert.equal(revoked.status, 200)
      const after = await request(DEFERRED, { deferral_code: other })
      assert.ok(after instanceof oauth.ResponseBodyError)
      assert.equal(after.error, 'access_denied')
    })

    it('tells the agent where it wants to be told, once, and by polling all is had', async () => {
      const w = world()
      const ears = await startUpstream()
      w.onStop(() => ears.close())
      ears.answer = (_request, reply) => void reply.writeHead(204).end()
      const by = (await w.person('ada')).id
      const notifyAt = `${ears.origin}/remit?about=answers`
      await setNotifyAt(w.rooms.agents, {
        agentId: 'refund-bot',
        notifyAt,
        allowLoopback: true,
        by,
      })
      const token = 'a-fresh-token-of-160-bits-or-so'
      const key = await newKey()
      const form = { completion_mode: 'deferred later', client_notification_token: token }
      const asked = await w.agent.ask(
        { subjectToken: await w.idToken(), scope: 'orders.list-refunds', key },
        { form },
      )
      assert.equal(asked.body.error, 'interaction_required', asked.text)
      assert.equal(asked.headers['cache-control'], 'no-store')
      w.clock.advance(2_000)
      await answer(w, asked.body.interaction_uri, /^Allow/)
      await until(async () => (ears.reached.length > 0 ? true : undefined))
      const [told] = ears.reached
      assert.equal(told?.method, 'POST')
      assert.equal(told?.target, '/remit?about=answers')
      assert.equal(told?.headers.authorization, `Bearer ${token}`)
      assert.deepEqual(JSON.parse(told?.body ?? ''), { deferral_code: asked.body.deferral_code })
      const poll = {
        grant_type: DEFERRED,
        deferral_code: String(asked.body.deferral_code),
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
      }
      assert.equal((await w.agent.tokenRequest(key, poll)).status, 200)
      assert.equal(ears.reached.length, 1)
      await setNotifyAt(w.rooms.agents, {
        ...{ agentId: 'refund-bot', notifyAt: null, allowLoopback: true, by },
      })
    })

    it('a rule makes an opening wait for finance, who see it, and approve exactly that', async () => {
      const w = world()
      const { id: by } = await w.person('ada')
      const set = await w.rooms.policies.active()
      const { text } = await w.rooms.policies.version(set.version)
      const rule = `
@id("openings-ask") @requestable("Is this task needed?") @approvers("group:finance") @lifetime("PT30M")
forbid (principal is Person, action == Action::"issue:access_token:token_exchange", resource);
`
      await publishPolicies(w.rooms.policy, { text: text + rule, by, note: 'for tests' })
      await w.allow('sam')
      const key = await newKey()
      const form = { completion_mode: 'deferred' }
      const wish = { subjectToken: await w.idToken(), scope: 'orders.read', key }
      const asked = await w.agent.ask(wish, { form })
      assertNoToken(asked, 'authorization_pending', 'deferral.pending')
      assert.equal(asked.body.interaction_uri, undefined)
      const fiona = await w.browser('fiona')
      const list = await fiona.get(`${w.issuer}/approvals`)
      const path = /\/approvals\/req_[\w-]+/.exec(list.html)?.[0] ?? ''
      const page = await fiona.get(w.issuer + path)
      for (const hint of ['Open a task that may do orders.read at orders', 'Is this task needed?'])
        assert.ok(page.text.includes(hint), page.text)
      assert.ok(page.text.includes('lets exactly this task open'), page.text)
      assert.equal((await fiona.submit(page, /^Approve once/)).status, 200)
      const poll = {
        grant_type: DEFERRED,
        deferral_code: String(asked.body.deferral_code),
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
      }
      const opened = await w.agent.tokenRequest(key, poll)
      assert.equal(opened.status, 200, opened.text)
      assert.ok(Number(opened.body.expires_in) <= 1800)
      const task = { id: String(opened.body.task_id), token: String(opened.body.access_token), key }
      assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
      assert.ok((await fiona.get(w.issuer + path)).text.includes('the task was opened'))
      const silent = await w.agent.ask({
        ...wish,
        subjectToken: await w.idToken(),
        key: await newKey(),
      })
      assert.equal(silent.body.code, 'issuance.approval_needed')
      await publishPolicies(w.rooms.policy, { text, by, note: 'for tests' })
    })

    it('malformed requests are refused before anything is used up', async () => {
      const w = world()
      const subjectToken = await w.idToken()
      const bad = async (form: Record<string, string>) =>
        assertNoToken(
          await w.agent.ask({ subjectToken, scope: 'orders.watch' }, { form }),
          'invalid_request',
          'oauth.invalid_request',
        )
      await bad({ completion_mode: 'deferred deferred' })
      await bad({ completion_mode: 'deferred', client_notification_token: 'short' })
      await bad({
        completion_mode: 'deferred',
        client_notification_token: 'not a token at all, no',
      })
      const key = await newKey()
      const poll = async (form: Record<string, string>) => {
        const client_assertion = await w.agent.assertion()
        const all = { grant_type: DEFERRED, client_assertion_type: JWT_BEARER, client_assertion }
        return w.agent.tokenRequest(key, { ...all, ...form })
      }
      assertNoToken(await poll({}), 'invalid_request', 'oauth.invalid_request')
      const code = { deferral_code: `remit_dc_${'A'.repeat(43)}` }
      for (const more of ['completion_mode', 'scope', 'resource', 'authorization_details'])
        assertNoToken(
          await poll({ ...code, [more]: 'x' }),
          'invalid_request',
          'oauth.invalid_request',
          more,
        )
      assertNoToken(await poll(code), 'invalid_grant', 'deferral.unknown')
    })
  },
  { consented: false },
)
