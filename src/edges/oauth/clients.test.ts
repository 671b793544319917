import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type CryptoKey, createRemoteJWKSet, importJWK, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { send } from '../../../test/wire.ts'
import { inEachWorld, type World } from '../../../test/world.ts'
import { ACCESS_TOKEN, ID_TOKEN, TOKEN_EXCHANGE } from './grant-types.ts'

/** Loopback without TLS. */
const HTTP = { [oauth.allowInsecureRequests]: true }

async function discovered(
  w: World,
  algorithm: 'oauth2' | 'oidc',
): Promise<oauth.AuthorizationServer> {
  const url = new URL(w.issuer)
  const answer = await oauth.discoveryRequest(url, { ...HTTP, algorithm })
  return oauth.processDiscoveryResponse(url, answer)
}

async function agentKey(w: World): Promise<CryptoKey> {
  const key = await importJWK(w.agent.key.privateJwk, 'ES256')
  if (key instanceof Uint8Array) throw new Error('an EC key is no secret')
  return key
}

inEachWorld('clients that know nothing of Remit but the standards', (world) => {
  it('oauth4webapi opens a task, takes a resource token, and calls with it', async () => {
    const w = world()
    const server = await discovered(w, 'oauth2')
    const agent: oauth.Client = { client_id: 'refund-bot' }
    const DPoP = oauth.DPoP(agent, await oauth.generateKeyPair('ES256'))
    const opening = await oauth.genericTokenEndpointRequest(
      server,
      agent,
      oauth.PrivateKeyJwt(await agentKey(w)),
      TOKEN_EXCHANGE,
      {
        subject_token: await w.idToken(),
        subject_token_type: ID_TOKEN,
        purpose: 'refund order 1042',
        authorization_details: JSON.stringify(w.everything),
      },
      { ...HTTP, DPoP },
    )
    const opened = await oauth.processGenericTokenEndpointResponse(server, agent, opening)
    assert.equal(opened.token_type, 'dpop')
    const id = String(opened.task_id)

    const task: oauth.Client = { client_id: id }
    const exchange = await oauth.genericTokenEndpointRequest(
      server,
      task,
      oauth.None(),
      TOKEN_EXCHANGE,
      { subject_token: opened.access_token, subject_token_type: ACCESS_TOKEN, resource: w.orders },
      { ...HTTP, DPoP },
    )
    const { access_token } = await oauth.processGenericTokenEndpointResponse(server, task, exchange)

    const url = new URL(`${w.orders}/orders/1042`)
    const call = await oauth.protectedResourceRequest(
      access_token,
      'GET',
      url,
      undefined,
      undefined,
      {
        ...HTTP,
        DPoP,
      },
    )
    assert.equal(call.status, 200)
    await call.body?.cancel()

    const revocation = await oauth.revocationRequest(
      server,
      task,
      oauth.None(),
      opened.access_token,
      HTTP,
    )
    await oauth.processRevocationResponse(revocation)
    await assert.rejects(
      oauth.protectedResourceRequest(access_token, 'GET', url, undefined, undefined, {
        ...HTTP,
        DPoP,
      }),
      (error: unknown) =>
        error instanceof oauth.WWWAuthenticateChallengeError &&
        error.cause[0]?.scheme === 'dpop' &&
        error.cause[0].parameters.error === 'invalid_token',
    )
  })

  it('oauth4webapi as an API accepts our resource token with its proof, and no other', async () => {
    const w = world()
    const server = await discovered(w, 'oauth2')
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const url = `${w.orders}/orders/1042`
    const request = async (used: string) =>
      new Request(url, {
        headers: {
          authorization: `DPoP ${used}`,
          dpop: await w.agent.proof(task.key, { method: 'GET', url, token: used }),
        },
      })
    const options = { ...HTTP, requireDPoP: true }
    const claims = await oauth.validateJwtAccessToken(
      server,
      await request(token),
      w.orders,
      options,
    )
    assert.equal(claims.client_id, task.id)
    assert.equal(claims.sub, (await w.person('sam')).id)
    await assert.rejects(
      oauth.validateJwtAccessToken(server, await request(task.token), w.orders, options),
    )
    await assert.rejects(
      oauth.validateJwtAccessToken(server, await request(token), `${w.gateway}/echo`, options),
    )
  })

  it('openid-client finds us, authenticates by private_key_jwt and is told to ask the person', async () => {
    const w = world()
    const key = await agentKey(w)
    const config = await openid.discovery(
      new URL(w.issuer),
      'refund-bot',
      undefined,
      openid.PrivateKeyJwt(key),
      { execute: [openid.allowInsecureRequests] },
    )
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const parameters = (subject_token: string) => ({
      subject_token,
      subject_token_type: ID_TOKEN,
      purpose: 'look around',
      scope: 'orders.read',
    })
    const opened = await openid.genericGrantRequest(
      config,
      TOKEN_EXCHANGE,
      parameters(await w.idToken()),
      { DPoP },
    )
    assert.ok(String(opened.task_id).startsWith('tsk_'))
    assert.equal(opened.scope, 'orders.read')
    const fresh = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    // Nils has agreed to nothing yet.
    await assert.rejects(
      openid.genericGrantRequest(config, TOKEN_EXCHANGE, parameters(await w.idToken('nils')), {
        DPoP: fresh,
      }),
      (error: unknown) =>
        error instanceof openid.ResponseBodyError &&
        error.error === 'interaction_required' &&
        String(error.cause.interaction_uri).startsWith(`${w.issuer}/consent/`),
    )
  })

  it('keys are found through the metadata and verify what we sign', async () => {
    const w = world()
    const server = await discovered(w, 'oidc')
    const keys = createRemoteJWKSet(new URL(server.jwks_uri ?? ''))
    const { token } = await w.open()
    const verified = await jwtVerify(token, keys, {
      issuer: w.issuer,
      audience: w.issuer,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    })
    assert.equal(verified.protectedHeader.alg, 'ES256')
  })

  it('what is at none of its addresses is told as it is everywhere', async () => {
    const w = world()
    for (const [path, status, code] of [
      ['/oauth/nothing', 404, 'request.not_found'],
      ['/oauth/par', 405, 'request.method_not_allowed'],
    ] as const) {
      const answer = await send(`${w.issuer}${path}`)
      assert.equal(answer.status, status, path)
      assert.equal(answer.body.code, code, path)
      assert.ok(answer.body.request_id, path)
    }
  })

  it('metadata says what is true, the same in both places, and nothing that is not offered', async () => {
    const w = world()
    const [one, two] = await Promise.all([
      send(`${w.issuer}/.well-known/oauth-authorization-server`),
      send(`${w.issuer}/.well-known/openid-configuration`),
    ])
    assert.deepEqual(one.body, two.body)
    const { body } = one
    assert.equal(body.issuer, w.issuer)
    assert.equal(body.token_endpoint, `${w.issuer}/oauth/token`)
    assert.equal(body.revocation_endpoint, `${w.issuer}/oauth/revoke`)
    assert.equal(body.jwks_uri, `${w.issuer}/oauth/jwks`)
    assert.deepEqual(body.authorization_details_types_supported, ['remit_call', 'remit_delegate'])
    for (const grant of [
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'client_credentials',
    ])
      assert.ok((body.grant_types_supported as string[]).includes(grant), grant)
    assert.deepEqual(body.token_endpoint_auth_methods_supported, [
      'private_key_jwt',
      'attest_jwt_client_auth',
      'attest_jwt_client_auth_dpop',
      'none',
    ])
    assert.deepEqual(body.code_challenge_methods_supported, ['S256'])
    assert.equal(body.authorization_response_iss_parameter_supported, true)
    // No ID token is issued, and there is no other end to sign in at.
    for (const name of ['scopes', 'claims', 'claim_types', 'id_token_signing_alg_values'])
      assert.equal(body[`${name}_supported`], undefined, name)
    // Of `sub` in access tokens.
    assert.deepEqual(body.subject_types_supported, ['public', 'pairwise'])
    for (const name of ['userinfo_endpoint', 'claims_parameter_supported', 'end_session_endpoint'])
      assert.equal(body[name], undefined, name)
    assert.equal(body.require_pushed_authorization_requests, undefined)
    assert.equal(body.registration_endpoint, `${w.issuer}/oauth/register`)
    assert.equal(body.authorization_endpoint, `${w.issuer}/oauth/authorize`)
    assert.deepEqual(body.response_modes_supported, ['query'])
    assert.ok((body.grant_types_supported as string[]).includes(TOKEN_EXCHANGE)) // RFC 8414
    const weak = /none|HS\d|RS1|implicit|plain|password/
    const algorithms = Object.entries(body).filter(([name]) =>
      /alg_values|grant_types|challenge/.test(name),
    )
    assert.ok(algorithms.length >= 4)
    for (const [name, values] of algorithms) assert.doesNotMatch(JSON.stringify(values), weak, name)
    // Whatever it is asked at, it answers with its configured name.
    const { host } = new URL(w.issuer)
    const forwarded = await send(`${w.issuer}/.well-known/openid-configuration`, {
      headers: [
        ['X-Forwarded-Host', 'evil.example'],
        ['X-Forwarded-Proto', 'https'],
        ['Forwarded', 'host=evil.example'],
      ],
    })
    assert.deepEqual(forwarded.body, body)
    assert.ok(!forwarded.text.includes('evil') && forwarded.text.includes(host))
  })

  it('metadata of a protected resource leads to us (RFC 9728)', async () => {
    const w = world()
    const url = new URL(w.orders)
    const answer = await oauth.resourceDiscoveryRequest(url, HTTP)
    const resource = await oauth.processResourceDiscoveryResponse(url, answer)
    assert.equal(resource.resource, w.orders)
    assert.deepEqual(resource.authorization_servers, [w.issuer])
    assert.equal(resource.dpop_bound_access_tokens_required, true)
    assert.ok(resource.scopes_supported?.includes('orders.refund'))
    const none = await send(`${w.gateway}/.well-known/oauth-protected-resource/nothing`)
    assert.equal(none.body.code, 'resource.unknown')
    const challenged = await send(`${w.orders}/orders/1042`)
    const [, metadata] =
      /resource_metadata="([^"]+)"/.exec(String(challenged.headers['www-authenticate'])) ?? []
    assert.equal((await send(metadata ?? '')).body.resource, w.orders)
  })

  it('grants that are not offered are refused in the words of the protocol', async () => {
    const w = world()
    for (const grant_type of [
      'password',
      'client_credentials',
      'refresh_token',
      'authorization_code',
      'urn:x',
    ]) {
      const answer = await send(`${w.issuer}/oauth/token`, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: new URLSearchParams({ grant_type, client_id: 'refund-bot', code: 'x' }).toString(),
      })
      assert.ok([400, 401].includes(answer.status), `${grant_type} ${answer.text}`)
      assert.equal(typeof answer.body.error, 'string', grant_type)
      assert.equal(answer.headers['cache-control'], 'no-store')
    }
  })
})
