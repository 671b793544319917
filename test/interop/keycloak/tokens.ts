import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import {
  addIssuer,
  INTROSPECTED_FOR_MS,
  linkClient,
  setIssuerTerms,
} from '../../../src/agents/index.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { registerProvider } from '../../../src/people/index.ts'
import { findTask, listTasks } from '../../../src/tasks/index.ts'
import { ACCESS_TOKEN, JWT_BEARER, type OpenTask, TOKEN_EXCHANGE } from '../../agent.ts'
import { Pep } from '../../conformance/authzen/pdp.ts'
import { assertNoToken } from '../../refusals.ts'
import { decode, newKey, type TestKey } from '../../signing.ts'
import type { World } from '../../world.ts'
import { KeycloakAdmin } from './admin.ts'
import { askTokens, endpoints, KeycloakPerson, type Proof, tokensFor } from './person.ts'
import {
  AGENT_WITH_ACCESS,
  APP,
  CHAINING,
  CLIENT_SECRET,
  OLD_APP,
  OTHER_PEER_CLIENT,
  PEER_CLIENT,
  PORTAL,
} from './realm.ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ORDER = '/orders/orders/1042'
const by = 'operator'

/** Tokens of Keycloak that open tasks, or are called with; and those that it gives for ours. */
export function tokensOfKeycloak(world: () => World): void {
  let admin: KeycloakAdmin

  before(async () => {
    const w = world()
    admin = await KeycloakAdmin.signIn(w.provider)
    await admin.addScope('orders.read', [APP, OLD_APP, CHAINING, PEER_CLIENT])
    await admin.addScope('orders.list', [OTHER_PEER_CLIENT])
    const ownerId = (await w.person('ada')).id
    const agent = { agentId: 'refund-bot', issuer: w.provider, by: ownerId }
    await linkClient(w.rooms.agents, { ...agent, clientId: AGENT_WITH_ACCESS })
    await addIssuer(w.rooms.issuers, {
      ...{ name: 'keycloak', issuer: w.provider, by },
      ...(await terms()),
    })
  })

  const person = (name = 'sam') => new KeycloakPerson(world().provider, name)

  async function terms(access: object = {}, more: object = {}) {
    const w = world()
    const rule = (client: string) => ({
      ...{ name: client, agent: 'refund-bot' },
      when: [{ claim: 'azp', equals: client }],
    })
    return {
      uses: ['access_token', 'peer'],
      access: { provider: w.provider, ...access },
      peer: { resources: [w.orders], clients: { 'refund-bot': PEER_CLIENT } },
      rules: [APP, OLD_APP, PEER_CLIENT].map(rule),
      ...{ trust: 3, ceiling: null, ownerId: (await w.person('ada')).id },
      ...more,
    }
  }

  async function set(access: object = {}, more: object = {}, secret?: Secret): Promise<void> {
    const about = { name: 'keycloak', terms: await terms(access, more), secret, by }
    await setIssuerTerms(world().rooms.issuers, about)
  }

  const proofBy =
    (key: TestKey): Proof =>
    (url) =>
      world().agent.proof(key, { method: 'POST', url })

  const scope = { scope: 'openid orders.read' }

  /** A call of orders with a token of Keycloak. */
  async function call(token: string, key?: TestKey, path = ORDER) {
    const held: OpenTask = { id: '', token, key: key ?? (await newKey()) }
    const bare = key ? {} : { scheme: 'Bearer', proofs: [] }
    return world().agent.call(held, 'GET', path, { token, ...bare })
  }

  async function refused(token: string, code: string, key?: TestKey): Promise<void> {
    const { body, status, text } = await call(token, key)
    assert.ok(status === 401 || status === 403, text)
    assert.equal(body.code, code, text)
  }

  async function opened(): Promise<readonly string[]> {
    const tasks = await listTasks(world().rooms.storage.read, { limit: 100 })
    return tasks.filter(({ openedBy }) => openedBy === 'token').map(({ id }) => id)
  }

  it("an access token for Remit opens one task, when it is the agent's and of RFC 9068", async () => {
    const w = world()
    const { access_token: subjectToken } = await person().tokensOf(AGENT_WITH_ACCESS)
    const odd = { form: { subject_token_type: ACCESS_TOKEN } }
    const wish = { subjectToken, details: w.everything }
    const key = await newKey()
    const { body, status, text } = await w.agent.ask({ ...wish, key }, odd)
    assert.equal(status, 200, text)
    const task = { id: String(body.task_id), token: String(body.access_token), key }
    assert.equal((await w.agent.call(task, 'GET', ORDER)).status, 200)
    assertNoToken(await w.agent.ask(wish, odd), 'invalid_grant', 'subject_token.replayed')
    const elsewhere = (await person().tokensOf(APP, scope)).access_token
    const others = await w.agent.ask({ ...wish, subjectToken: elsewhere }, odd)
    assertNoToken(others, 'invalid_grant', 'subject_token.not_for_agent')
  })

  it('what is refreshed at Keycloak opens the next task, until the session there ends', async () => {
    const w = world()
    const sam = person()
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
    const w = world()
    const registration = {
      ...{ issuer: w.provider, name: 'Keycloak', clientId: 'remit', allowLoopback: true, by },
      clientSecret: new Secret(CLIENT_SECRET),
    }
    await registerProvider(w.rooms.people, { ...registration, closesTasks: true })
    const sam = person()
    const begun = await w.rooms.providers.begin({ issuer: w.provider, returnTo: '/' })
    const back = await sam.authorize(begun.url)
    await w.rooms.providers.complete(back.href, begun.cookie.reveal())
    const { id_token: subjectToken } = await sam.tokensOfAgent()
    const task = await w.agent.open({ subjectToken, details: w.everything })
    const token = await w.agent.token(task, w.orders)
    assert.equal((await w.agent.call(task, 'GET', ORDER, { token })).status, 200)
    await admin.endSessions('sam')
    const { closeReason, state } = (await findTask(w.rooms.storage.read, task.id)) ?? {}
    assert.deepEqual([state, closeReason], ['closed', 'person.signed_out'])
    assert.equal((await w.agent.call(task, 'GET', ORDER, { token })).status, 401)
    await registerProvider(w.rooms.people, registration)
  })

  it('an application calls the gateway with its own token, bound to its key', async () => {
    const w = world()
    const key = await newKey()
    const { access_token: token } = await person().tokensOf(APP, scope, proofBy(key))
    const before = await opened()
    const answer = await call(token, key)
    assert.equal(answer.status, 200, answer.text)
    assert.equal((await call(token, key)).status, 200)
    const [id, ...more] = (await opened()).filter((each) => !before.includes(each))
    assert.ok(id && more.length === 0, 'one task')
    const task = await findTask(w.rooms.storage.read, id)
    assert.deepEqual(
      [task?.personId, task?.agentId, task?.issuers, task?.details[0]?.actions],
      [(await w.person('sam')).id, 'refund-bot', ['keycloak'], ['orders.read']],
    )
    assert.equal((await call(token, key, '/orders/orders')).body.code, 'task.not_covered')
    await refused(token, 'token.wrong_scheme')
    await refused(token, 'proof.wrong_key', await newKey())
  })

  it('an enforcement point asks about it', async () => {
    const w = world()
    const pep = await Pep.add(w, 'edge')
    const key = await newKey()
    const { access_token } = await person().tokensOf(APP, scope, proofBy(key))
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
    const bare = (await person().tokensOf(APP, scope)).access_token
    const old = (await person().tokensOf(OLD_APP, scope)).access_token
    await refused(bare, 'proof.missing')
    await refused(old, 'token.wrong_type')
    await set({ typ: ['at+jwt', 'JWT'] }, { bearer: true })
    for (const token of [bare, old]) {
      const answer = await call(token)
      assert.equal(answer.status, 200, answer.text)
    }
    const { id_token: introduction } = await person().tokensOf(APP, scope)
    await refused(introduction, 'token.wrong_audience')
  })

  it('what Keycloak is asked about ends here when it is revoked there, or its session ends', async () => {
    const w = world()
    const asked = { url: `${endpoints(w.provider)}/token/introspect`, client_id: 'remit' }
    await set({ introspection: asked }, { bearer: true }, new Secret(CLIENT_SECRET))
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
      const [sam, before] = [person(), await opened()]
      const { access_token: token } = await sam.tokensOf(APP, scope)
      const answer = await call(token)
      assert.equal(answer.status, 200, answer.text)
      const [id = ''] = (await opened()).filter((each) => !before.includes(each))
      await end(sam, token)
      ended.push({ token, id })
    }
    // So much time passes, and clocks of others show the same as ours.
    w.clock.advance(INTROSPECTED_FOR_MS + 1)
    w.clock.jump(-INTROSPECTED_FOR_MS - 1)
    for (const { id, token } of ended) {
      await refused(token, 'token.expired')
      const { closeReason, state } = (await findTask(w.rooms.storage.read, id)) ?? {}
      assert.deepEqual([state, closeReason], ['closed', 'token.inactive'])
    }
    await set()
  })

  it('what Keycloak exchanges a token for is a grant that opens a task here (identity chaining)', async () => {
    const w = world()
    await set({}, { uses: ['access_token', 'peer', 'chaining'], people: { delegates: true } })
    const key = await newKey()
    const exchanged = async (proof?: Proof) => {
      const { body, status } = await askTokens(
        w.provider,
        {
          ...{ grant_type: TOKEN_EXCHANGE, subject_token_type: ACCESS_TOKEN },
          subject_token: (await person().tokensOf(PORTAL)).access_token,
          ...{ client_id: CHAINING, client_secret: CLIENT_SECRET, scope: 'orders.read' },
        },
        proof,
      )
      assert.equal(status, 200, JSON.stringify(body))
      return String(body.access_token)
    }
    const redeem = async (assertion: string) =>
      w.agent.tokenRequest(key, {
        ...{ grant_type: GRANT, assertion, client_assertion_type: JWT_BEARER },
        client_assertion: await w.agent.assertion(),
      })
    const grant = await exchanged(proofBy(key))
    assertNoToken(await redeem(await exchanged()), 'invalid_grant', 'subject_token.not_for_agent')
    const { body, status, text } = await redeem(grant)
    assert.equal(status, 200, text)
    const task = { id: String(body.task_id), token: String(body.access_token), key }
    assert.equal((await w.agent.call(task, 'GET', ORDER)).status, 200)
    const more = await w.agent.call(task, 'GET', '/orders/orders')
    assert.equal(more.body.code, 'task.not_covered', more.text)
    const again = await redeem(grant)
    assert.equal(again.body.error, 'invalid_grant', again.text)
    await set()
  })

  it('Keycloak gives a token for an assertion of ours, once, and it is called with', async () => {
    const w = world()
    const { id: sub } = await w.person('sam')
    const task = await w.agent.open({
      subjectToken: (await person().tokensOfAgent()).id_token,
      details: w.everything,
    })
    const issued = async () => {
      const { body, text } = await w.agent.tokenRequest(task.key, {
        ...{ grant_type: TOKEN_EXCHANGE, requested_token_type: JWT, client_id: task.id },
        ...{ subject_token: task.token, subject_token_type: ACCESS_TOKEN },
        ...{ audience: w.provider, scope: 'orders.read' },
      })
      assert.equal(body.token_type, 'N_A', text)
      return String(body.access_token)
    }
    const redeem = (assertion: string, more: Record<string, string> = {}) =>
      askTokens(
        w.provider,
        {
          ...{ grant_type: GRANT, assertion, scope: 'orders.read' },
          ...{ client_id: PEER_CLIENT, client_secret: CLIENT_SECRET, ...more },
        },
        proofBy(task.key),
      )
    const early = await redeem(await issued())
    assert.equal(early.body.error_description, 'User not found')
    await admin.link('sam', 'remit', sub)
    const assertion = await issued()
    const { body, status } = await redeem(assertion)
    assert.equal(status, 200, JSON.stringify(body))
    const token = String(body.access_token)
    const { claims } = decode(token)
    assert.deepEqual(
      [claims.sub, claims.azp, claims.aud, claims.cnf],
      ['sam', PEER_CLIENT, w.orders, { jkt: task.key.thumbprint }],
    )
    const answer = await call(token, task.key)
    assert.equal(answer.status, 200, answer.text)
    const again = await redeem(assertion)
    assert.deepEqual([again.status, again.body.error], [400, 'invalid_grant'])
    // Who it is for, its key and its scopes count for nothing there: docs/trusted-issuers.md says so.
    const others = { client_id: OTHER_PEER_CLIENT, scope: 'orders.list' }
    const { body: wide } = await askTokens(w.provider, {
      ...{ grant_type: GRANT, assertion: await issued(), client_secret: CLIENT_SECRET, ...others },
    })
    assert.equal(wide.token_type, 'Bearer', JSON.stringify(wide))
    assert.match(String(wide.scope), /\borders\.list\b/)
  })
}
