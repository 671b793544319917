import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { addIssuer, revokeIssuer } from '../../src/identity/issuers/index.ts'
import { INTROSPECTED_FOR_MS } from '../../src/identity/issuers/introspection.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { foreignServer, SECRET } from '../issuers/server.ts'
import { newKey, type TestKey } from '../signing.ts'
import { inEachWorld } from '../world.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

inEachWorld('an authorization server that was there before', (worldNow) => {
  let world: ReturnType<typeof worldNow>
  let server: Awaited<ReturnType<typeof foreignServer>>
  let asked: Awaited<ReturnType<typeof foreignServer>>
  before(async () => {
    world = worldNow()
    const api = `${world.gateway}/orders`
    server = await foreignServer({ remit: world.issuer, api })
    asked = await foreignServer({ remit: world.issuer, api })
    const ada = await world.person('ada')
    const parts = world.rooms.issuers
    const base = { issuer: server.issuer, trust: 3, ceiling: null, ownerId: ada.id, by: ada.id }
    const bot = { name: 'bot', when: [{ claim: 'client_id', equals: 'bot-client' }] }
    const may = [
      {
        type: 'remit_call',
        locations: [`${world.gateway}/orders`],
        actions: ['orders.read'],
        bounds: [],
      },
    ]
    const sponsor = { purpose: 'reads orders', tasks: 10, seconds: 60, days: 1 }
    await addIssuer(parts, {
      ...base,
      name: 'house',
      uses: ['workload', 'access_token'],
      access: { provider: world.provider },
      rules: [
        { ...bot, agent: 'refund-bot' },
        {
          name: 'pipelines',
          when: [{ claim: 'sub', equals: 'pipeline' }],
          admit: { trust: 2, ceiling: may, owner: ada.id, sponsor },
        },
      ],
    })
    await addIssuer(parts, {
      ...base,
      name: 'asked',
      issuer: asked.issuer,
      uses: ['access_token'],
      access: {
        provider: world.provider,
        introspection: { url: `${asked.issuer}/token/introspection`, client_id: 'remit' },
      },
      secret: new Secret(SECRET),
      rules: [{ ...bot, agent: 'refund-bot' }],
    })
  })
  after(async () => {
    await server.close()
    await asked.close()
  })

  const call = (token: string, key: TestKey, scheme = 'DPoP') =>
    world.agent.call({ id: '', token: '', key }, 'GET', '/orders/orders/1042', {
      token,
      scheme,
      ...(scheme === 'Bearer' ? { proofs: [] } : {}),
    })

  it('its clients are agents, by the token that it gives them, without having been registered', async () => {
    const key = await newKey()
    const assertion = await server.identityOf('pipeline')
    const opened = await world.agent.tokenRequest(key, { grant_type: GRANT, assertion })
    assert.equal(opened.status, 200, opened.text)
    assert.deepEqual(
      [opened.body.token_type, opened.body.scope, opened.body.refresh_token],
      ['DPoP', 'orders.read', undefined],
    )
    const task = { id: String(opened.body.task_id), token: String(opened.body.access_token), key }
    assert.equal((await world.agent.askToken(task, `${world.gateway}/orders`)).status, 200)
    // The same token again, with another key, is another task; with the same key it is none.
    const next = { grant_type: GRANT, assertion, resource: `${world.gateway}/orders` }
    assert.equal((await world.agent.tokenRequest(await newKey(), next)).status, 200)
    const used = await world.agent.tokenRequest(key, next)
    assert.deepEqual([used.status, used.body.error], [400, 'invalid_request'])
    // The base credential calls nothing.
    for (const scheme of ['DPoP', 'Bearer'])
      assert.equal((await call(assertion, await newKey(), scheme)).status, 401)
  })

  it('what is wrong with an assertion is not said, and is a bad grant', async () => {
    const assertion = await server.identityOf('pipeline')
    const [head, body] = assertion.split('.')
    for (const bad of [`${head}.${body}.AAAA`, 'x', assertion.slice(0, -3)]) {
      const answer = await world.agent.tokenRequest(await newKey(), {
        grant_type: GRANT,
        assertion: bad,
      })
      assert.deepEqual(
        [answer.status, answer.body.error, answer.body.code],
        [400, 'invalid_grant', 'grant.not_accepted'],
        answer.text,
      )
    }
    const both = { grant_type: GRANT, assertion, client_assertion: assertion }
    const answer = await world.agent.tokenRequest(await newKey(), both)
    assert.equal(answer.body.error, 'invalid_request')
  })

  it('its access tokens count at the gateway, for the person and the agent that they say', async () => {
    const key = await newKey()
    const { thumbprint } = key
    const token = await server.accessToken('sam', { scope: 'orders.read', thumbprint })
    const read = await call(token, key)
    assert.equal(read.status, 200, read.text)
    assert.equal((await call(token, await newKey())).status, 401)
    assert.equal((await call(token, key, 'Bearer')).status, 401)
    const free = await server.accessToken('sam', { scope: 'orders.read' })
    assert.equal((await call(free, key, 'Bearer')).status, 401)
    // Finn may not read orders as the policies of the story have it; the token does not change that.
    const other = await server.accessToken('nobody-here', { scope: 'orders.read', thumbprint })
    assert.equal((await call(other, key)).status, 403)
  })

  it('at the decision point, too: an enforcement point forwards the token, and its task is found by it', async () => {
    const pep = await Pep.add(world, 'edge')
    const key = await newKey()
    const token = await server.accessToken('sam', {
      ...{ scope: 'orders.read', thumbprint: key.thumbprint },
    })
    const url = `${world.gateway}/orders/orders/1042`
    const dpop = await world.agent.proof(key, { method: 'GET', url, token })
    const { id } = await world.person('sam')
    const asks = async (name: string, context: object = {}) => {
      const answer = await pep.evaluate({
        subject: { type: 'user', id },
        action: { name },
        resource: { type: 'resource', id: 'orders' },
        context: {
          args: { order_id: '1042' },
          access_token: token,
          dpop,
          method: 'GET',
          url,
          ...context,
        },
      })
      assert.equal(answer.status, 200, answer.text)
      return answer.body.decision
    }
    assert.equal(await asks('orders.read'), true)
    assert.equal(await asks('orders.read'), true)
    assert.equal(await asks('orders.list', { args: {} }), false)
    assert.equal(await asks('orders.read', { task: 'tsk_0123456789012345678901' }), false)
    assert.equal(await asks('orders.read', { access_token: `${token}x` }), false)
  })

  it('opaque ones are asked about, and end when their server says so', async () => {
    const key = await newKey()
    const { thumbprint } = key
    const token = await asked.accessToken('sam', {
      ...{ scope: 'orders.read', thumbprint, format: 'opaque' },
    })
    assert.doesNotMatch(token, /\./)
    const read = await call(token, key)
    assert.equal(read.status, 200, read.text)
    await asked.revoke(token)
    world.clock.advance(INTROSPECTED_FOR_MS)
    assert.equal((await call(token, key)).status, 401)
    assert.equal((await call('opaque-and-unknown', key)).status, 401)
  })

  it('revoked in one act', async () => {
    const key = await newKey()
    const { thumbprint } = key
    const token = await server.accessToken('sam', { scope: 'orders.read', thumbprint })
    assert.equal((await call(token, key)).status, 200)
    await revokeIssuer(world.rooms.issuers, { name: 'house', by: 'operator', reason: 'test' })
    assert.equal((await call(token, key)).status, 401)
    const assertion = await server.identityOf('pipeline')
    const opened = await world.agent.tokenRequest(await newKey(), { grant_type: GRANT, assertion })
    assert.equal(opened.body.error, 'invalid_grant')
  })
})
