import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { type CryptoKey, importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { addAgent, spawn } from '../delegation.ts'
import { deskActions, openDesk, Stranger } from '../mcp/stranger.ts'
import { allOf, type KnownShop, letIn, shopDirect } from '../sdk/shops.ts'
import { decode } from '../signing.ts'
import { inEachWorld } from '../world.ts'
import { askAs, askWith, enforcerOf, pepWith } from './asking.ts'

const SIGNED = 'application/token-introspection+jwt'

inEachWorld(
  'asking about tokens',
  (world) => {
    let shop: KnownShop
    let api: Awaited<ReturnType<typeof enforcerOf>>

    before(async () => {
      shop = await shopDirect(world(), 'web')
      await letIn(world(), [shop])
      api = await enforcerOf(world(), shop)
    })

    it('an API is told all that its token says', async () => {
      const w = world()
      const task = await w.open({ details: [allOf(shop)], purpose: 'buy what is needed' })
      const token = await w.agent.token(task, shop.identifier)
      const { body, headers, status, text } = await askWith(w, api.secret, token)
      assert.equal(status, 200, text)
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['content-type'], 'application/json')
      const { claims } = decode(token)
      assert.deepEqual(body.cnf, { jkt: task.key.thumbprint })
      assert.deepEqual(body.act, { iss: w.issuer, sub: 'refund-bot', sub_profile: 'ai_agent' })
      assert.deepEqual(body, { active: true, ...claims, token_type: 'DPoP' })
    })

    it('an enforcement point is told of the resources it serves, an agent of its own tasks', async () => {
      const w = world()
      const task = await w.open()
      const [orders, echo] = [
        await w.agent.token(task, w.orders),
        await w.agent.token(task, `${w.gateway}/echo`),
      ]
      const some = await pepWith(w, 'serves-orders', { resources: ['orders'] })
      assert.equal((await askWith(w, some, orders)).body.active, true)
      assert.deepEqual((await askWith(w, some, echo)).body, { active: false })
      const all = await pepWith(w, 'serves-all', {})
      assert.equal((await askWith(w, all, echo)).body.active, true)
      assert.deepEqual((await askWith(w, all, task.token)).body, { active: false }, 'it is for us')
      for (const token of [task.token, orders, echo]) {
        const { body } = await askAs(w, w.agent, token)
        assert.equal(body.active, true)
        assert.equal(body.client_id, task.id)
      }
      const other = await addAgent(w, 'asks-too', 'ada')
      for (const token of [task.token, orders])
        assert.deepEqual((await askAs(w, other, token)).body, { active: false })
    })

    it('a child: the chain, and the parent', async () => {
      const w = world()
      const reader = await addAgent(w, 'reader', 'ada')
      const parent = await w.open()
      const child = await spawn(w, [w.agent, parent], reader)
      const { body } = await askAs(w, reader, child.token)
      const parentAct = { iss: w.issuer, sub: 'refund-bot', sub_profile: 'ai_agent' }
      assert.deepEqual(body.act, { ...parentAct, sub: 'reader', act: parentAct })
      assert.deepEqual(body.task, {
        id: child.id,
        purpose: 'look at the order',
        parent: parent.id,
      })
      assert.deepEqual((await askAs(w, w.agent, child.token)).body, { active: false })
    })

    it('a bearer token of a client that came by a code', async () => {
      const w = world()
      const desk = `${w.gateway}/desk`
      await openDesk(w)
      const { id } = await w.person('ada')
      await addAdmissionRule(w.rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: deskActions(w),
        ownerId: id,
        by: id,
      })
      const stranger = await Stranger.arrive(w)
      await stranger.enter(desk)
      const token = stranger.saved?.access_token ?? ''
      const pep = await pepWith(w, 'at-the-desk', { resources: ['desk'] })
      const { body, text } = await askWith(w, pep, token)
      assert.equal(body.active, true, text)
      assert.equal(body.token_type, 'Bearer')
      assert.equal(body.cnf, undefined)
      assert.equal(body.aud, desk)
      assert.equal(body.sub, (await w.person('sam')).id)
      assert.deepEqual(body.act, { iss: w.issuer, sub: stranger.id, sub_profile: 'ai_agent' })
      assert.ok(JSON.stringify(body.authorization_details).includes('desk.read-note'))
      assert.ok(!text.includes(token))
      const refresh = stranger.saved?.refresh_token ?? ''
      assert.deepEqual((await askWith(w, pep, refresh)).body, { active: false })
      await w.agent.revoke(token)
      assert.deepEqual((await askWith(w, pep, token)).body, { active: false })
    })

    it('oauth4webapi asks, as JSON and as a signed answer that it verifies', async () => {
      const w = world()
      const url = new URL(w.issuer)
      const http = { [oauth.allowInsecureRequests]: true }
      const server = await oauth.processDiscoveryResponse(
        url,
        await oauth.discoveryRequest(url, { ...http, algorithm: 'oauth2' }),
      )
      assert.equal(server.introspection_endpoint, `${w.issuer}/oauth/introspect`)
      assert.deepEqual(server.introspection_endpoint_auth_methods_supported, [
        'private_key_jwt',
        'attest_jwt_client_auth',
        'attest_jwt_client_auth_dpop',
        'client_secret_basic',
        'Bearer',
      ])
      assert.deepEqual(server.introspection_signing_alg_values_supported, ['ES256'])
      const task = await w.open({ details: [allOf(shop)] })
      const token = await w.agent.token(task, shop.identifier)
      const client: oauth.Client = { client_id: api.id }
      const basic = oauth.ClientSecretBasic(api.secret)
      const ask = (as: oauth.Client) => oauth.introspectionRequest(server, as, basic, token, http)
      const plain = await oauth.processIntrospectionResponse(server, client, await ask(client))
      assert.equal(plain.active, true)
      const signing = { ...client, introspection_signed_response_alg: 'ES256' }
      const answer = await ask(signing)
      assert.equal(answer.headers.get('content-type'), SIGNED)
      const jwt = await answer.clone().text()
      const told = await oauth.processIntrospectionResponse(server, signing, answer)
      await oauth.validateApplicationLevelSignature(server, answer, http)
      assert.equal(told.active, true)
      assert.equal(told.jti, plain.jti)
      const { claims, header } = decode(jwt)
      assert.equal(header.typ, 'token-introspection+jwt')
      assert.deepEqual(Object.keys(claims).toSorted(), ['aud', 'iat', 'iss', 'token_introspection'])
      assert.equal(claims.aud, api.id)
      // As an agent, by its key.
      const key = await importJWK(w.agent.key.privateJwk, 'ES256')
      const agent: oauth.Client = { client_id: 'refund-bot' }
      const own = await oauth.introspectionRequest(
        server,
        agent,
        oauth.PrivateKeyJwt(key as CryptoKey), // an EC key is no secret
        task.token,
        http,
      )
      assert.equal((await oauth.processIntrospectionResponse(server, agent, own)).active, true)
    })
  },
  { desk: true },
)
