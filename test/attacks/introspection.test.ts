import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { resumeResource, suspendResource } from '../../src/catalog/catalog-changes/index.ts'
import { resumeAgent, setTrust, suspendAgent } from '../../src/identity/agents/index.ts'
import { removeClient } from '../../src/identity/machine-clients/index.ts'
import { JWT_BEARER, type OpenTask } from '../agent.ts'
import { askAbout, askAs, askWith, enforcerOf, pepWith } from '../introspection/asking.ts'
import { assertNoToken } from '../refusals.ts'
import { allOf, type KnownShop, letIn, shopDirect } from '../sdk/shops.ts'
import { decode, jws, newKey, tampered, unsecured } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const INACTIVE = { active: false }

function assertStranger(answer: Answer, hint = ''): void {
  assertNoToken(answer, 'invalid_client', 'introspection.unauthenticated', hint)
  assert.match(String(answer.headers['www-authenticate']), /^Basic .*Bearer /)
  assert.ok(!('active' in answer.body))
}

inEachWorld('attacks on introspection', (world) => {
  let shop: KnownShop
  let other: KnownShop
  let api: Awaited<ReturnType<typeof enforcerOf>>

  before(async () => {
    shop = await shopDirect(world(), 'web')
    other = await shopDirect(world(), 'web')
    await letIn(world(), [shop, other])
    api = await enforcerOf(world(), shop)
  })

  async function opened(): Promise<{ task: OpenTask; token: string }> {
    const w = world()
    const task = await w.open({ details: [allOf(shop), allOf(other)] })
    return { task, token: await w.agent.token(task, shop.identifier) }
  }

  it('nobody is told anything without a credential, and with a bad one', async () => {
    const w = world()
    const { token } = await opened()
    assertStranger(await askAbout(w, { token }))
    const basic = (name: string, secret: string) =>
      ['Authorization', `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`] as const
    for (const header of [
      ['Authorization', 'Bearer enf_nothing'],
      ['Authorization', `Bearer ${api.secret.slice(0, -1)}`],
      ['Authorization', `Bearer ${api.secret}x`],
      ['Authorization', `Bearer pep_${'A'.repeat(43)}`],
      ['Authorization', `DPoP ${token}`],
      ['Authorization', `Bearer ${token}`],
      ['Authorization', 'Basic !!!'],
      basic('enf_other', api.secret),
      basic(api.id, 'wrong'),
      basic(`${api.id}:${api.secret}`, ''),
    ] as const)
      assertStranger(await askAbout(w, { token }, [header]), header.join(' '))
    assert.equal((await askAbout(w, { token }, [basic(api.id, api.secret)])).body.active, true)
    const twice = [
      ['Authorization', `Bearer ${api.secret}`],
      ['Authorization', `Bearer ${api.secret}`],
    ] as const
    assert.ok((await askAbout(w, { token }, twice)).status >= 400, 'two headers')
  })

  it('two credentials, a secret in the form, no token, another method: refused', async () => {
    const w = world()
    const { token } = await opened()
    const bearer = ['Authorization', `Bearer ${api.secret}`] as const
    const assertion = {
      client_assertion: await w.agent.assertion(),
      client_assertion_type: JWT_BEARER,
    }
    assertNoToken(
      await askAbout(w, { token, ...assertion }, [bearer]),
      'invalid_request',
      'oauth.invalid_request',
    )
    assertNoToken(
      await askAbout(w, { token, client_id: api.id, client_secret: api.secret }),
      'invalid_request',
      'oauth.invalid_request',
    )
    assertNoToken(await askAbout(w, {}, [bearer]), 'invalid_request', 'oauth.invalid_request')
    const get = await send(`${w.issuer}/oauth/introspect?token=${token}`, { headers: [bearer] })
    assert.equal(get.status, 405)
  })

  it('X3: an API learns nothing of a token for another, nor of a task token', async () => {
    const w = world()
    const { task } = await opened()
    const elsewhere = await w.agent.token(task, other.identifier)
    for (const token of [elsewhere, task.token, 'x', 'a.b.c', `remit_at_${'A'.repeat(43)}`, ' '])
      assert.deepEqual((await askWith(w, api.secret, token)).body, INACTIVE, token.slice(0, 20))
  })

  it('T1, T4: what was changed by one byte, or signed otherwise, is inactive', async () => {
    const w = world()
    const { token } = await opened()
    const { claims } = decode(token)
    const key = await newKey()
    const forged = await jws(key, { typ: 'at+jwt', kid: decode(token).header.kid }, claims)
    const wider = tampered(token, { claims: { authorization_details: [] } })
    for (const bad of [
      forged,
      wider,
      unsecured(token),
      tampered(token, { header: { alg: 'HS256' } }),
      tampered(token, { header: { crit: ['x'] } }),
      tampered(token, { header: { jwk: key.publicJwk } }),
      token.slice(0, -2),
      `${token}A`,
      `${token}.`,
    ])
      assert.deepEqual((await askWith(w, api.secret, bad)).body, INACTIVE, bad.slice(-20))
  })

  it('T5: a signed answer is no access token, assertion or proof; nothing else is an access token here', async () => {
    const w = world()
    const { task, token } = await opened()
    const accept = ['Accept', 'application/token-introspection+jwt'] as const
    const { text: told } = await askWith(w, api.secret, token, [accept])
    assert.equal(decode(told).header.typ, 'token-introspection+jwt')
    const url = `${w.gateway}/echo/things/1`
    const call = await w.agent.call(task, 'GET', '/echo/things/1', { token: told })
    assert.equal(call.body.code, 'token.wrong_type')
    assert.equal((await w.agent.about({ ...task, token: told }, 'GET', '')).status, 401)
    assertNoToken(
      await w.agent.askToken({ ...task, token: told }, shop.identifier),
      'invalid_grant',
      'token.wrong_type',
    )
    const proof = await w.agent.proof(task.key, { method: 'GET', url })
    for (const neighbour of [told, proof, await w.agent.assertion(), await w.idToken()])
      assert.deepEqual((await askWith(w, api.secret, neighbour)).body, INACTIVE)
    const as = { client_assertion: told, client_assertion_type: JWT_BEARER, token }
    assertNoToken(await askAbout(w, as), 'invalid_client', 'introspection.unauthenticated')
  })

  it('an assertion of an agent serves once, also when it was used at the token endpoint', async () => {
    const w = world()
    const { task } = await opened()
    const assertion = await w.agent.assertion()
    const form = {
      token: task.token,
      client_assertion: assertion,
      client_assertion_type: JWT_BEARER,
    }
    assert.equal((await askAbout(w, form)).body.active, true)
    assertStranger(await askAbout(w, form))
    const again = await w.agent.ask(
      { subjectToken: await w.idToken(), scope: 'orders.read' },
      { form: { client_assertion: assertion } },
    )
    assertNoToken(again, 'invalid_client', 'agent.unauthenticated')
    const aimed = await w.agent.assertion({ claims: { aud: `${w.issuer}/oauth/introspect` } })
    assertStranger(await askAbout(w, { ...form, client_assertion: aimed }), 'RFC 7523bis')
  })

  it('revocation is seen at once, in every way that a token can end', async () => {
    const w = world()
    const ada = (await w.person('ada')).id
    const by = { by: ada, reason: 'a test' }
    const active = async (token: string) => (await askWith(w, api.secret, token)).body.active
    const ways: Record<string, (task: OpenTask, token: string) => Promise<() => Promise<unknown>>> =
      {
        'the token is revoked': async (_, token) => {
          await w.agent.revoke(token)
          return async () => {}
        },
        'the task is closed': async (task) => {
          await w.agent.about(task, 'DELETE', '')
          return async () => {}
        },
        'the resource was suspended, even when it is back': async () => {
          await suspendResource(w.rooms.connections, { name: shop.name, ...by })
          await resumeResource(w.rooms.connections, { name: shop.name, ...by })
          return async () => {}
        },
        'the agent is quarantined': async () => {
          await setTrust(w.rooms.agents, { agentId: 'refund-bot', trust: 0, by: ada })
          return () => setTrust(w.rooms.agents, { agentId: 'refund-bot', trust: 3, by: ada })
        },
      }
    for (const [name, end] of Object.entries(ways)) {
      const { task, token } = await opened()
      assert.equal(await active(token), true, name)
      const back = await end(task, token)
      const { body } = await askWith(w, api.secret, token)
      assert.deepEqual(body, INACTIVE, name)
      await back()
    }
    const { task } = await opened()
    assert.equal((await askAs(w, w.agent, task.token)).body.active, true)
    await w.agent.revoke(task.token)
    assert.deepEqual((await askAs(w, w.agent, task.token)).body, INACTIVE)
  })

  it('who was revoked asks nothing any more', async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    const { token } = await opened()
    const spare = await enforcerOf(w, shop)
    const pep = await pepWith(w, 'soon-gone', {})
    assert.equal((await askWith(w, spare.secret, token)).body.active, true)
    assert.equal((await askWith(w, pep, token)).body.active, true)
    await removeClient(w.rooms.clients, { id: spare.id, by })
    await removeClient(w.rooms.clients, { id: 'soon-gone', by })
    assertStranger(await askWith(w, spare.secret, token))
    assertStranger(await askWith(w, pep, token))
    const { task } = await opened()
    await suspendAgent(w.rooms.agents, { agentId: 'refund-bot', by, reason: 'a test' })
    assertStranger(await askAs(w, w.agent, task.token))
    assert.deepEqual((await askWith(w, api.secret, token)).body, INACTIVE)
  })

  // The provider's clock does not move with ours, so this comes last.
  it('T8: its time is over, to the second', async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    await resumeAgent(w.rooms.agents, { agentId: 'refund-bot', by, reason: 'a test' })
    const { token } = await opened()
    const { exp } = decode(token).claims
    w.clock.advance(Number(exp) * 1000 - w.clock.now() - 500)
    assert.equal((await askWith(w, api.secret, token)).body.active, true)
    w.clock.advance(500)
    assert.deepEqual((await askWith(w, api.secret, token)).body, INACTIVE)
  })
})
