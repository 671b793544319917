import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ACCESS_TOKEN, JWT_BEARER, TOKEN_EXCHANGE } from '../../agent.ts'
import { assertNoToken } from '../../refusals.ts'
import { decode, newKey } from '../../signing.ts'
import { askTokens, type Proof } from './person.ts'
import { CHAINING, CLIENT_SECRET, OTHER_PEER_CLIENT, PEER_CLIENT, PORTAL } from './realm.ts'
import { type KeycloakTrust, ORDER } from './trust.ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Grants of Keycloak that count here, and ours that count there. */
export function grantsWithKeycloak(trust: () => KeycloakTrust): void {
  it('what Keycloak exchanges a token for is a grant that opens a task here (identity chaining)', async () => {
    const w = trust().world
    await trust().set(
      {},
      { uses: ['access_token', 'peer', 'chaining'], people: { delegates: true } },
    )
    const key = await newKey()
    const exchanged = async (proof?: Proof) => {
      const { body, status } = await askTokens(
        w.provider,
        {
          ...{ grant_type: TOKEN_EXCHANGE, subject_token_type: ACCESS_TOKEN },
          subject_token: (await trust().person().tokensOf(PORTAL)).access_token,
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
    const grant = await exchanged(trust().proofBy(key))
    assertNoToken(await redeem(await exchanged()), 'invalid_grant', 'subject_token.not_for_agent')
    const { body, status, text } = await redeem(grant)
    assert.equal(status, 200, text)
    const task = { id: String(body.task_id), token: String(body.access_token), key }
    assert.equal((await w.agent.call(task, 'GET', ORDER)).status, 200)
    const more = await w.agent.call(task, 'GET', '/orders/orders')
    assert.equal(more.body.code, 'task.not_covered', more.text)
    const again = await redeem(grant)
    assert.equal(again.body.error, 'invalid_grant', again.text)
    await trust().set()
  })

  it('Keycloak gives a token for an assertion of ours, once, and it is called with', async () => {
    const w = trust().world
    const { id: sub } = await w.person('sam')
    const task = await w.agent.open({
      subjectToken: (await trust().person().tokensOfAgent()).id_token,
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
        trust().proofBy(task.key),
      )
    const early = await redeem(await issued())
    assert.equal(early.body.error_description, 'User not found')
    await trust().admin.link('sam', 'remit', sub)
    const assertion = await issued()
    const { body, status } = await redeem(assertion)
    assert.equal(status, 200, JSON.stringify(body))
    const token = String(body.access_token)
    const { claims } = decode(token)
    assert.deepEqual(
      [claims.sub, claims.azp, claims.aud, claims.cnf],
      ['sam', PEER_CLIENT, w.orders, { jkt: task.key.thumbprint }],
    )
    const answer = await trust().call(token, task.key)
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
