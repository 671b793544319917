import assert from 'node:assert/strict'
import { it } from 'node:test'
import { registerProvider } from '../../../src/identity/identity-providers/index.ts'
import { INTROSPECTED_FOR_MS } from '../../../src/identity/issuers/introspection.ts'
import { Secret } from '../../../src/platform/lib/secret.ts'
import { findTask } from '../../../src/tasks/tasks/index.ts'
import { ACCESS_TOKEN } from '../../agent.ts'
import { Pep } from '../../conformance/authzen/pdp.ts'
import { assertNoToken } from '../../refusals.ts'
import { newKey } from '../../signing.ts'
import { askTokens, endpoints, type KeycloakPerson, tokensFor } from './person.ts'
import { AGENT_WITH_ACCESS, APP, CLIENT_SECRET, OLD_APP } from './realm.ts'
import { type KeycloakTrust, ORDER } from './trust.ts'

const READING = { scope: 'openid orders.read' }
const by = 'operator'

/** Tokens of Keycloak that open tasks, or are called with. */
export function tokensOfKeycloak(trust: () => KeycloakTrust): void {
  it("an access token for Remit opens one task, when it is the agent's and of RFC 9068", async () => {
    const w = trust().world
    const { access_token: subjectToken } = await trust().person().tokensOf(AGENT_WITH_ACCESS)
    const odd = { form: { subject_token_type: ACCESS_TOKEN } }
    const wish = { subjectToken, details: w.everything }
    const key = await newKey()
    const { body, status, text } = await w.agent.ask({ ...wish, key }, odd)
    assert.equal(status, 200, text)
    const task = { id: String(body.task_id), token: String(body.access_token), key }
    assert.equal((await w.agent.call(task, 'GET', ORDER)).status, 200)
    assertNoToken(await w.agent.ask(wish, odd), 'invalid_grant', 'subject_token.replayed')
    const elsewhere = (await trust().person().tokensOf(APP, READING)).access_token
    const others = await w.agent.ask({ ...wish, subjectToken: elsewhere }, odd)
    assertNoToken(others, 'invalid_grant', 'subject_token.not_for_agent')
  })

  it('what is refreshed at Keycloak opens the next task, until the session there ends', async () => {
    const w = trust().world
    const sam = trust().person()
    const first = await sam.tokensOf(AGENT_WITH_ACCESS)
    const refresh = {
      ...{ grant_type: 'refresh_token', client_id: AGENT_WITH_ACCESS },
      refresh_token: first.refresh_token,
    }
    const next = await tokensFor(w.provider, refresh)
    await w.agent.open({ subjectToken: first.id_token, details: w.everything })
    await w.agent.open({ subjectToken: next.id_token, details: w.everything })
    await sam.signOut()
    const late = await askTokens(w.provider, { ...refresh, refresh_token: next.refresh_token })
    assert.deepEqual([late.status, late.body.error], [400, 'invalid_grant'])
  })

  it('tasks end with a session that an administrator of Keycloak ends, where that is said', async () => {
    const w = trust().world
    const registration = {
      ...{ issuer: w.provider, name: 'Keycloak', clientId: 'remit', allowLoopback: true, by },
      clientSecret: new Secret(CLIENT_SECRET),
    }
    await registerProvider(w.rooms.people, { ...registration, closesTasks: true })
    const sam = trust().person()
    const begun = await w.rooms.providers.begin({ issuer: w.provider, returnTo: '/' })
    const back = await sam.authorize(begun.url)
    await w.rooms.providers.complete(back.href, begun.cookie.reveal())
    const { id_token: subjectToken } = await sam.tokensOfAgent()
    const task = await w.agent.open({ subjectToken, details: w.everything })
    const token = await w.agent.token(task, w.orders)
    assert.equal((await w.agent.call(task, 'GET', ORDER, { token })).status, 200)
    await trust().admin.endSessions('sam')
    const { closeReason, state } = (await findTask(w.rooms.storage.read, task.id)) ?? {}
    assert.deepEqual([state, closeReason], ['closed', 'person.signed_out'])
    assert.equal((await w.agent.call(task, 'GET', ORDER, { token })).status, 401)
    await registerProvider(w.rooms.people, registration)
  })

  it('an application calls the gateway with its own token, bound to its key', async () => {
    const w = trust().world
    const key = await newKey()
    const { access_token: token } = await trust()
      .person()
      .tokensOf(APP, READING, trust().proofBy(key))
    const before = await trust().opened()
    const answer = await trust().call(token, key)
    assert.equal(answer.status, 200, answer.text)
    assert.equal((await trust().call(token, key)).status, 200)
    const [id, ...more] = (await trust().opened()).filter((each) => !before.includes(each))
    assert.ok(id && more.length === 0, 'one task')
    const task = await findTask(w.rooms.storage.read, id)
    assert.deepEqual(
      [task?.personId, task?.agentId, task?.issuers, task?.details[0]?.actions],
      [(await w.person('sam')).id, 'refund-bot', ['keycloak'], ['orders.read']],
    )
    assert.equal((await trust().call(token, key, '/orders/orders')).body.code, 'task.not_covered')
    await trust().refused(token, 'token.wrong_scheme')
    await trust().refused(token, 'proof.wrong_key', await newKey())
  })

  it('an enforcement point asks about it', async () => {
    const w = trust().world
    const pep = await Pep.add(w, 'edge')
    const key = await newKey()
    const { access_token } = await trust().person().tokensOf(APP, READING, trust().proofBy(key))
    const asks = async (name: string) => {
      const url = `${w.orders}/orders/1042`
      const dpop = await w.agent.proof(key, { method: 'GET', url, token: access_token })
      const args = { order_id: '1042' }
      return pep.evaluate({
        subject: { type: 'user', id: (await w.person('sam')).id },
        ...{ action: { name }, resource: { type: 'resource', id: 'orders' } },
        context: { access_token, dpop, method: 'GET', url, args },
      })
    }
    const yes = await asks('orders.read')
    assert.equal(yes.body.decision, true, yes.text)
    const no = await asks('orders.list-refunds')
    assert.deepEqual(
      [no.body.decision, Object(no.body.context).reason],
      [false, 'task.not_covered'],
    )
  })

  it('unbound, and of the type that Keycloak makes by itself, only where that is said', async () => {
    const bare = (await trust().person().tokensOf(APP, READING)).access_token
    const old = (await trust().person().tokensOf(OLD_APP, READING)).access_token
    await trust().refused(bare, 'proof.missing')
    await trust().refused(old, 'token.wrong_type')
    await trust().set({ typ: ['at+jwt', 'JWT'] }, { bearer: true })
    for (const token of [bare, old]) {
      const answer = await trust().call(token)
      assert.equal(answer.status, 200, answer.text)
    }
    const { id_token: introduction } = await trust().person().tokensOf(APP, READING)
    await trust().refused(introduction, 'token.wrong_audience')
  })

  it('what Keycloak is asked about ends here when it is revoked there, or its session ends', async () => {
    const w = trust().world
    const asked = { url: `${endpoints(w.provider)}/token/introspect`, client_id: 'remit' }
    await trust().set({ introspection: asked }, { bearer: true }, new Secret(CLIENT_SECRET))
    const ends = {
      token: async (_: KeycloakPerson, token: string) => {
        const form = new URLSearchParams({ token, client_id: APP })
        const at = `${endpoints(w.provider)}/revoke`
        const revoked = await fetch(at, { method: 'POST', body: form })
        assert.equal(revoked.status, 200, await revoked.text())
      },
      session: (sam: KeycloakPerson) => sam.signOut(),
    }
    const ended: { readonly token: string; readonly id: string }[] = []
    for (const end of Object.values(ends)) {
      const [sam, before] = [trust().person(), await trust().opened()]
      const { access_token: token } = await sam.tokensOf(APP, READING)
      const answer = await trust().call(token)
      assert.equal(answer.status, 200, answer.text)
      const [id = ''] = (await trust().opened()).filter((each) => !before.includes(each))
      await end(sam, token)
      ended.push({ token, id })
    }
    // So much time passes, and clocks of others show the same as ours.
    w.clock.advance(INTROSPECTED_FOR_MS + 1)
    w.clock.jump(-INTROSPECTED_FOR_MS - 1)
    for (const { id, token } of ended) {
      await trust().refused(token, 'token.expired')
      const { closeReason, state } = (await findTask(w.rooms.storage.read, id)) ?? {}
      assert.deepEqual([state, closeReason], ['closed', 'token.inactive'])
    }
    await trust().set()
  })
}
