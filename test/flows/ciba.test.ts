import assert from 'node:assert/strict'
import { it } from 'node:test'
import { importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { everythingTicked } from '../../examples/refund-desk/browser.ts'
import { setNotifyAt } from '../../src/identity/agents/index.ts'
import { suspendPerson } from '../../src/identity/sessions/index.ts'
import { pendingConsents } from '../../src/tasks/consent/index.ts'
import { JWT_BEARER } from '../agent.ts'
import { newKey } from '../signing.ts'
import { until } from '../until.ts'
import { startUpstream } from '../upstream.ts'
import { send } from '../wire.ts'
import { inEachWorld, type PersonName, type World } from '../world.ts'

/** Loopback without TLS. */
const HTTP = { [oauth.allowInsecureRequests]: true }

async function agentKey(w: World) {
  const key = await importJWK(w.agent.key.privateJwk, 'ES256')
  if (key instanceof Uint8Array) throw new Error('an EC key is no secret')
  return key
}

/** The person finds the question on the home page, and answers. */
async function answer(w: World, name: PersonName, button: RegExp, hints: readonly string[]) {
  const { id } = await w.person(name)
  const [asked] = await pendingConsents(w.rooms.storage.read, id, w.clock.now())
  if (!asked) throw new Error('nothing is asked')
  const browser = await w.browser(name)
  assert.match((await browser.get(`${w.issuer}/`)).html, new RegExp(`/consent/${asked.id}`))
  const page = await browser.get(`${w.issuer}/consent/${asked.id}`)
  for (const hint of hints) assert.ok(page.text.includes(hint), hint)
  assert.equal((await browser.submit(page, button, everythingTicked(page))).status, 200)
}

inEachWorld(
  'agents that ask a person themselves (OpenID CIBA)',
  (world) => {
    it('openid-client asks, is pinged, and gets a task', async () => {
      const w = world()
      const ears = await startUpstream()
      w.onStop(() => ears.close())
      ears.answer = (_request, reply) => void reply.writeHead(204).end()
      const by = (await w.person('ada')).id
      const set = { agentId: 'refund-bot', allowLoopback: true, by }
      await setNotifyAt(w.rooms.agents, { ...set, notifyAt: `${ears.origin}/ciba` })
      const config = await openid.discovery(
        new URL(w.issuer),
        'refund-bot',
        undefined,
        openid.PrivateKeyJwt(await agentKey(w)),
        { execute: [openid.allowInsecureRequests] },
      )
      const sam = await w.person('sam')
      const token = 'one-hundred-and-sixty-bits-of-it'
      const asked = await openid.initiateBackchannelAuthentication(config, {
        scope: 'openid orders.read',
        login_hint: sam.id,
        binding_message: 'Order 1042, as on the phone',
        client_notification_token: token,
        requested_expiry: '300',
      })
      assert.equal(asked.interval, 5)
      const { expires_in: seconds } = asked
      assert.ok(seconds > 300 && seconds <= 600, 'five minutes to answer, five to fetch')
      w.clock.advance(2_000)
      await answer(w, 'sam', /^Allow/, [
        'Order 1042, as on the phone',
        'Written by the agent. Not verified.',
        'The agent asks you by itself',
      ])
      await until(async () => (ears.reached.length > 0 ? true : undefined))
      assert.equal(ears.reached[0]?.headers.authorization, `Bearer ${token}`)
      assert.deepEqual(JSON.parse(ears.reached[0]?.body ?? ''), { auth_req_id: asked.auth_req_id })
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      // The client's clock is that of this process.
      const opened = await openid.genericGrantRequest(
        config,
        'urn:openid:params:grant-type:ciba',
        { auth_req_id: asked.auth_req_id },
        { DPoP },
      )
      assert.equal(opened.scope, 'orders.read')
      assert.ok(String(opened.task_id).startsWith('tsk_'))
      assert.ok(!w.log.includes(asked.auth_req_id), 'it is not logged')
      await setNotifyAt(w.rooms.agents, { ...set, notifyAt: null })
    })

    it('A12: oauth4webapi polls; a no is a no', async () => {
      const w = world()
      const url = new URL(w.issuer)
      const server = await oauth.processDiscoveryResponse(
        url,
        await oauth.discoveryRequest(url, { ...HTTP, algorithm: 'oauth2' }),
      )
      const agent: oauth.Client = { client_id: 'refund-bot' }
      const auth = oauth.PrivateKeyJwt(await agentKey(w))
      const DPoP = oauth.DPoP(agent, await oauth.generateKeyPair('ES256'))
      const response = await oauth.backchannelAuthenticationRequest(
        server,
        agent,
        auth,
        {
          scope: 'openid',
          login_hint: (await w.person('sam')).id,
          binding_message: 'list',
          authorization_details: JSON.stringify(w.everything),
        },
        HTTP,
      )
      const asked = await oauth.processBackchannelAuthenticationResponse(server, agent, response)
      const poll = async () => {
        const got = await oauth.backchannelAuthenticationGrantRequest(
          server,
          agent,
          auth,
          asked.auth_req_id,
          { ...HTTP, DPoP },
        )
        return oauth.processBackchannelAuthenticationGrantResponse(server, agent, got)
      }
      const refusedAs = (error: string) => (thrown: unknown) =>
        thrown instanceof oauth.ResponseBodyError && thrown.error === error
      await assert.rejects(poll(), refusedAs('authorization_pending'))
      await assert.rejects(poll(), refusedAs('slow_down'))
      await answer(w, 'sam', /^Refuse/, [])
      await assert.rejects(poll(), refusedAs('access_denied'))
    })

    it('what is malformed, unknown or not an agent is refused, in the words of the standard', async () => {
      const w = world()
      const sam = await w.person('sam')
      const ask = async (form: Record<string, string | undefined>) => {
        const all = {
          client_assertion_type: JWT_BEARER,
          client_assertion: await w.agent.assertion(),
          scope: 'openid orders.watch',
          binding_message: 'watch',
          login_hint: sam.id,
          ...form,
        }
        const sent = Object.entries(all).filter((pair) => pair[1] !== undefined) as [
          string,
          string,
        ][]
        return send(`${w.issuer}/oauth/bc-authorize`, {
          method: 'POST',
          headers: [['Content-Type', 'application/x-www-form-urlencoded']],
          body: String(new URLSearchParams(sent)),
        })
      }
      // CIBA section 13: an error has the members of the standard and no more. What we call it is in a header.
      const refused = async (
        form: Record<string, string | undefined>,
        error: string,
        code: string,
      ) => {
        const answer = await ask(form)
        assert.deepEqual(Object.keys(answer.body), ['error', 'error_description'], answer.text)
        assert.equal(answer.body.error, error)
        assert.equal(answer.headers['remit-problem'], code)
        assert.equal(answer.status, error === 'invalid_client' ? 401 : 400)
      }
      const bad = 'oauth.invalid_request'
      await refused({ login_hint: undefined }, 'invalid_request', bad)
      await refused({ id_token_hint: 'x' }, 'invalid_request', bad)
      await refused({ binding_message: undefined }, 'invalid_request', bad)
      await refused({ requested_expiry: '-1' }, 'invalid_request', bad)
      await refused({ client_notification_token: 'short' }, 'invalid_request', bad)
      await refused({ request: 'eyJ' }, 'invalid_request', bad)
      // Who asks comes first: what is wrong with a form, only agents hear.
      const stranger = { client_assertion: undefined, client_assertion_type: undefined }
      for (const form of [{ request: 'eyJ' }, { login_hint: undefined }])
        await refused({ ...stranger, ...form }, 'invalid_client', 'agent.unauthenticated')
      const long = { binding_message: 'x'.repeat(121), purpose: 'watch' }
      await refused(long, 'invalid_binding_message', 'backchannel.bad_message')
      await refused({ scope: 'openid orders.nothing' }, 'invalid_scope', 'task.bad_scope')
      const unknown = 'backchannel.unknown_person'
      await refused({ login_hint: 'nobody@x.example' }, 'unknown_user_id', unknown)
      for (const aud of ['x', [w.issuer, 'x'], `${w.issuer}/oauth/par`]) {
        const client_assertion = await w.agent.assertion({ claims: { aud } })
        await refused({ client_assertion }, 'invalid_client', 'agent.unauthenticated')
      }
      const fiona = await w.person('fiona')
      const suspension = { personId: fiona.id, by: 'operator', reason: 'test' }
      await suspendPerson(w.rooms.people, suspension)
      await refused({ login_hint: fiona.id }, 'unknown_user_id', unknown)
    })

    it('CIBA 7.1: an assertion is for the issuer, the token endpoint or this one; elsewhere for the issuer alone', async () => {
      const w = world()
      const sam = await w.person('sam')
      const as = async (aud: string) => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion({ claims: { aud } }),
      })
      const post = async (path: string, form: Record<string, string>) =>
        send(w.issuer + path, {
          method: 'POST',
          headers: [
            ['Content-Type', 'application/x-www-form-urlencoded'],
            ['DPoP', await w.agent.proof(await newKey(), { method: 'POST', url: w.issuer + path })],
          ],
          body: String(new URLSearchParams(form)),
        })
      const question = { scope: 'openid orders.watch', binding_message: 'w', login_hint: sam.id }
      for (const path of ['', '/oauth/token', '/oauth/bc-authorize']) {
        const form = { ...(await as(w.issuer + path)), ...question }
        assert.equal((await post('/oauth/bc-authorize', form)).status, 200, path)
      }
      const grant = { grant_type: 'client_credentials', purpose: 'w', scope: 'orders.watch' }
      for (const path of ['/oauth/token', '/oauth/bc-authorize']) {
        const form = { ...(await as(w.issuer + path)), ...grant }
        assert.equal((await post('/oauth/token', form)).body.error, 'invalid_client', path)
      }
    })
  },
  { consented: false },
)
