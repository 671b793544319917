import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
} from 'jose'
import { send } from '../../wire.ts'
import { inOneWorld } from '../../world.ts'

const PATH = '/.well-known/authzen-configuration'

/** Certification scenario, Discovery (section 6). */
inOneWorld('AuthZEN certification, Discovery', (world) => {
  it('6.5 names itself exactly, and every endpoint, each of which is there', async () => {
    const { issuer } = world()
    const { body, headers, status } = await send(issuer + PATH)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(body.policy_decision_point, issuer)
    assert.match(String(headers['cache-control']), /max-age=\d+/)
    for (const member of [
      'access_evaluation_endpoint',
      'access_evaluations_endpoint',
      'search_subject_endpoint',
      'search_resource_endpoint',
      'search_action_endpoint',
      'access_request_endpoint',
    ]) {
      const url = String(body[member])
      assert.ok(url.startsWith(`${issuer}/access/v1/`), member)
      assert.equal((await send(url, { method: 'POST' })).status, 401)
    }
    assert.deepEqual(body.supported_obligations, ['step-up', 'notification', 'custom'])
    assert.deepEqual(body.capabilities, [
      'urn:openid:authzen:capability:access-request',
      'urn:openid:authzen:capability:token-issuance',
    ])
  })

  it('6.5 the signed metadata say the same, by a key that is published', async () => {
    const { issuer } = world()
    const { body } = await send(issuer + PATH)
    const { signed_metadata: signed, ...plain } = body
    const jwks = await (await fetch(String(body.jwks_uri))).json()
    await compactVerify(String(signed), createLocalJWKSet(jwks as JSONWebKeySet)) // as: our own document
    assert.equal(decodeProtectedHeader(String(signed)).typ, 'authzen-metadata+jwt')
    const { iat, iss, ...claims } = decodeJwt(String(signed))
    assert.equal(iss, issuer)
    assert.equal(typeof iat, 'number')
    assert.deepEqual(claims, plain)
  })

  it('nothing else is offered there, and a request id comes back', async () => {
    const { issuer } = world()
    const headers = [['X-Request-ID', 'abc']] as const
    const head = await send(issuer + PATH, { method: 'HEAD', headers })
    assert.deepEqual([head.status, head.headers['x-request-id']], [200, 'abc'])
    const put = await send(issuer + PATH, { method: 'PUT' })
    assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD'])
    assert.equal((await send(`${issuer}${PATH}/tenant`)).status, 404)
  })
})
