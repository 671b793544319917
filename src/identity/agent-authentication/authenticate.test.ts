import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countVerified } from '../../platform/jose/testing.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { addKey, revokeKey } from '../agents/change-keys.ts'
import { resumeAgent, retireAgent, suspendAgent } from '../agents/change-status.ts'
import {
  assertion,
  type KeyPair,
  keyPair,
  registered,
  type TestAgents,
  testAgents,
} from '../agents/testing.ts'
import { hs256, unsigned } from '../identity-providers/testing.ts'
import { assertionReplayKey, authenticateAgent, authenticateClient } from './authenticate.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const by = 'operator'
const agentId = 'refund-bot'

function authenticate(parts: TestAgents, token: string, type = assertionType) {
  return authenticateAgent(parts, { assertion: token, assertionType: type })
}

/** The one answer on the wire, and the reason behind it. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Problem)
  const { fault: _, ...told } = error.toJSON()
  assert.deepEqual(told, {
    type: 'urn:remit:problem:agent.unauthenticated',
    title: 'The agent could not be authenticated',
    status: 401,
    detail: 'the client assertion does not authenticate an agent',
    code: 'agent.unauthenticated',
  })
  assert.ok(error.cause instanceof Problem)
  return error.cause.code
}

forEachEngine('authenticating an agent', (open) => {
  async function ready(kind: 'ec' | 'ed25519' = 'ec') {
    const { parts, ada } = await testAgents(await open())
    const key = keyPair(kind)
    await registered(parts, ada, { keys: [{ ...key.jwk, kid: 'k1' }] })
    const refused = async (claims: Record<string, unknown>, header = {}, by_: KeyPair = key) =>
      refusal(authenticate(parts, await assertion(parts, by_, claims, header)))
    return { parts, ada, key, refused }
  }

  test('W9: verifies one signature whether there is such an agent or not, whatever its keys are', async () => {
    const { parts, refused } = await ready()
    const verified = async (claims: object, header: object, by_: KeyPair) =>
      countVerified(() => refused({ ...claims }, header, by_))
    for (const claims of [{}, { iss: 'no-bot', sub: 'no-bot' }]) {
      for (const header of [{}, { kid: 'k1' }, { kid: 'other' }])
        for (const kind of ['ec', 'ed25519'] as const)
          assert.equal(await verified(claims, header, keyPair(kind)), 1, JSON.stringify(claims))
      assert.equal(await verified(claims, { typ: 'dpop+jwt' }, keyPair()), 0)
    }
    const shown = { assertion: await assertion(parts, keyPair(), {}), assertionType }
    const unknown = () => refusal(authenticateClient(parts, undefined, shown))
    assert.equal(await countVerified(unknown), 1)
  })

  test('by an assertion of its key gives agent, replay key and end', async () => {
    for (const kind of ['ec', 'ed25519'] as const) {
      const { parts, key } = await ready(kind)
      const token = await assertion(parts, key, { jti: 'j1' }, { kid: 'k1' })
      const found = await authenticate(parts, token)
      assert.equal(found.agent.id, agentId)
      assert.equal(found.replayKey, assertionReplayKey(agentId, 'j1'))
      assert.equal(found.expiresAt, Math.floor(parts.clock.now() / 1000 + 60) * 1000 + 20_000)
      for (const typ of ['JWT', undefined])
        await authenticate(parts, await assertion(parts, key, { jti: 'j2' }, typ ? { typ } : {}))
    }
  })

  test('the replay key is the one that oidc-provider computes, so that neither path takes it twice', () => {
    assert.equal(assertionReplayKey('refund-bot', 'j1'), sha256url('refund-botj1'))
  })

  test('needs the issuer as the only audience, as one string', async () => {
    const { parts, refused } = await ready()
    for (const aud of [
      [parts.issuer],
      [parts.issuer, 'https://evil.example'],
      `${parts.issuer}/`,
      `${parts.issuer}/oauth/token`,
      'https://evil.example',
      undefined,
    ])
      assert.equal(await refused({ aud }), 'token.wrong_audience', JSON.stringify(aud))
  })

  test('F6: what is wrong with the assertion itself is told, alike whether or not there is such an agent', async () => {
    const { parts, key } = await ready()
    const now = Math.floor(parts.clock.now() / 1000)
    const fault = async (claims: Record<string, unknown>, header = {}) => {
      const made = await assertion(parts, key, claims, header)
      const error = await authenticate(parts, made).catch((thrown: unknown) => thrown)
      return error instanceof Problem ? error.members.fault : 'accepted'
    }
    const life = '`exp` may be at most 300 seconds after `iat`'
    const aud = `\`aud\` has to be ${parts.issuer}, and nothing else`
    const key_ = 'no active agent has a key that verifies it'
    const told: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ exp: now + 3600 }, life],
      [{ aud: `${parts.issuer}/oauth/token` }, aud],
      [{ exp: now - 1 }, 'the token has expired'],
      [{ jti: '' }, '`jti` is missing'],
    ]
    for (const [claims, words] of told) {
      assert.equal(await fault(claims), words)
      assert.equal(await fault({ iss: 'no-bot', sub: 'no-bot', ...claims }), words)
    }
    assert.equal(await fault({}, { kid: 'other' }), key_)
    assert.equal(await fault({ iss: 'no-bot', sub: 'no-bot' }), key_)
    assert.match(String(await fault({}, { typ: 'dpop+jwt' })), /^`typ` has to be /)
    await suspendAgent(parts, { agentId, by, reason: 'test' })
    assert.equal(await fault({}), key_, 'as of one that is unknown')
  })

  test('needs issuer and subject to be the agent', async () => {
    const { refused } = await ready()
    assert.equal(await refused({ sub: 'other-bot' }), 'agent.unauthenticated')
    assert.equal(await refused({ iss: 'other-bot' }), 'agent.unauthenticated')
    assert.equal(await refused({ iss: 'other-bot', sub: 'other-bot' }), 'agent.unknown')
    // What is no agent's name would be an issuer that is trusted.
    for (const odd of ['__proto__', '../refund-bot', "x' OR 1=1 --", 7, null])
      assert.equal(await refused({ iss: odd, sub: odd }), 'issuer.not_trusted')
  })

  test('needs a jti, and a life of five minutes at most', async () => {
    const { parts, refused } = await ready()
    const now = Math.floor(parts.clock.now() / 1000)
    for (const jti of [undefined, '', 7, 'x'.repeat(257)])
      assert.equal(await refused({ jti }), 'token.malformed')
    assert.equal(await refused({ exp: now + 301 }), 'token.too_long_lived')
    assert.equal(await refused({ iat: now + 3600, exp: now + 3660 }), 'token.not_yet_valid')
    assert.equal(await refused({ exp: now }), 'token.expired')
    assert.equal(await refused({ exp: undefined }), 'token.malformed')
  })

  test('takes the algorithm from our record of the key, never from the token', async () => {
    const { parts, key } = await ready()
    const now = Math.floor(parts.clock.now() / 1000)
    const claims = {
      iss: agentId,
      sub: agentId,
      aud: parts.issuer,
      jti: 'j',
      iat: now,
      exp: now + 60,
    }
    const publicText = JSON.stringify(key.jwk)
    for (const [token, reason] of [
      [hs256(claims, publicText, { typ: 'JWT', kid: 'k1' }), 'token.wrong_algorithm'],
      [hs256(claims, 'x', { typ: 'JWT', kid: 'k1', alg: 'EdDSA' }), 'token.wrong_algorithm'],
      [hs256(claims, 'x', { kid: 'k1', alg: 'es256' }), 'token.wrong_algorithm'],
      [hs256(claims, 'x', { kid: 'k1', alg: 'ES256' }), 'token.bad_signature'],
      [unsigned(claims), 'token.malformed'],
    ] as const)
      assert.equal(await refusal(authenticate(parts, token)), reason)
  })

  test("of a neighbour's type, another key, an unknown kid or another assertion type is refused", async () => {
    const { parts, key, refused } = await ready()
    for (const typ of ['at+jwt', 'dpop+jwt', 'txntoken+jwt', 'logout+jwt', 'oauth-id-jag+jwt'])
      assert.equal(await refused({}, { typ }), 'token.wrong_type')
    assert.equal(await refused({}, {}, keyPair()), 'token.bad_signature')
    assert.equal(await refused({}, { kid: 'k2' }), 'agent_key.unknown')
    const good = await assertion(parts, key)
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    assert.equal(await refusal(authenticate(parts, good, saml)), 'agent.unauthenticated')
    for (const bad of ['', 'x.y.z', `${good}x`, good.slice(0, -2), `${good}.x`])
      assert.match(await refusal(authenticate(parts, bad)), /^token\.(malformed|bad_signature)$/)
  })

  test('with two keys the assertion says which', async () => {
    const { parts, key } = await ready()
    const second = keyPair('ed25519')
    const { thumbprint } = await addKey(parts, { agentId, jwk: second.jwk, by })
    assert.equal(
      await refusal(authenticate(parts, await assertion(parts, key))),
      'agent_key.unknown',
    )
    await authenticate(parts, await assertion(parts, key, {}, { kid: 'k1' }))
    await authenticate(parts, await assertion(parts, second, {}, { kid: thumbprint }))
    await revokeKey(parts, { agentId, thumbprint, by })
    const revoked = await assertion(parts, second, {}, { kid: thumbprint })
    assert.equal(await refusal(authenticate(parts, revoked)), 'agent_key.unknown')
  })

  test('a stopped agent gets the answer of an unknown one; only one that proved itself is recorded', async () => {
    const { parts, key } = await ready()
    const change = { agentId, by, reason: 'test' }
    const refusals = async () =>
      (await parts.recorded()).filter(({ type }) => type === 'agent.refused').length
    await suspendAgent(parts, change)
    const attempt = async (by_: KeyPair) =>
      refusal(authenticate(parts, await assertion(parts, by_)))
    assert.equal(await attempt(key), 'agent.suspended')
    assert.equal(await refusals(), 1)
    assert.equal(await attempt(keyPair()), 'token.bad_signature')
    assert.equal(await refusals(), 1)
    await resumeAgent(parts, change)
    await authenticate(parts, await assertion(parts, key))
    await retireAgent(parts, change)
    assert.equal(await attempt(key), 'agent.retired')
  })
})
