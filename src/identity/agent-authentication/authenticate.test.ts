import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countVerified } from '../../platform/jose/testing.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findAgent } from '../agents/agent-store.ts'
import { addKey, revokeKey } from '../agents/change-keys.ts'
import { resumeAgent, retireAgent, suspendAgent } from '../agents/change-status.ts'
import { setCertification } from '../agents/recertify.ts'
import {
  assertion,
  type KeyPair,
  keyPair,
  registered,
  type TestAgents,
  testAgents,
} from '../agents/testing.ts'
import { hs256, unsigned } from '../identity-providers/testing.ts'
import {
  activeIfSaid,
  assertionReplayKey,
  authenticateAgent,
  authenticateClient,
  inTheSameWords,
  type ProspectiveClient,
} from './authenticate.ts'

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

  test('a stopped agent that asks again and again is counted after a while, and recorded no more', async () => {
    const { parts, refused } = await ready()
    await suspendAgent(parts, { agentId, by, reason: 'test' })
    const reason = 'agent.suspended'
    while (parts.ledger.refusals.admits({ agent: agentId, reason }));
    assert.equal(await refused({}), reason)
    const recorded = await parts.recorded()
    assert.equal(recorded.filter(({ type }) => type === 'agent.refused').length, 0)
  })

  test('an agent past its date is stopped when it comes; one that was stopped before stays what it was', async () => {
    const { parts, refused } = await ready()
    await setCertification(parts, { agentId, days: 1, by })
    parts.clock.advance(24 * 3_600_000)
    assert.equal(await refused({}), 'agent.suspended')
    const standing = async () => findAgent(parts.storage.read, agentId)
    assert.deepEqual((await standing())?.suspendedFor, 'uncertified')
    await retireAgent(parts, { agentId, by, reason: 'test' })
    assert.equal(await refused({}), 'agent.retired')
    assert.equal((await standing())?.status, 'retired')
  })

  test('an agent that somebody only names is looked at, and nothing is recorded of it', async () => {
    const { parts } = await ready()
    const named = async () => {
      const agent = await findAgent(parts.storage.read, agentId)
      assert.ok(agent)
      return activeIfSaid(parts, agent)
    }
    await named()
    await suspendAgent(parts, { agentId, by, reason: 'test' })
    assert.equal(await refusal(named()), 'agent.suspended')
    const recorded = await parts.recorded()
    assert.equal(recorded.filter(({ type }) => type === 'agent.refused').length, 0)
  })

  test('only its own key counts by the profile FAPI 2.0; other types are refused before they are read', async () => {
    const { parts, key } = await ready()
    const fapi2 = { ...parts, fapi2: true }
    await authenticate(fapi2, await assertion(parts, key))
    const ofIssuer = await assertion(parts, key, { iss: 'https://ci.example', sub: 'job' })
    const why = async (parts_: TestAgents, token: string, type?: string) => {
      const error = await authenticate(parts_, token, type).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof Problem)
      const { detail } = error.cause instanceof Problem ? error.cause : error
      return { detail, ...error.members }
    }
    const OWN_ONLY = 'only `private_key_jwt` and certificates are accepted here'
    const svid = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
    const own = await assertion(parts, key)
    for (const [token, type] of [
      [ofIssuer],
      [own, svid],
      [own, 'headers: oauth-client-attestation'],
    ] as const) {
      const said = await why(fapi2, token, type)
      assert.deepEqual(said, { detail: OWN_ONLY })
      assert.notEqual((await why(parts, token, type)).detail, OWN_ONLY)
    }
    const unknown = '`client_assertion_type` is not known'
    for (const parts_ of [parts, fapi2])
      assert.deepEqual(await why(parts_, own, 'saml'), { detail: unknown, fault: unknown })
  })

  test('a name or the address of a document is proved by a key, anything else by an issuer that is trusted', async () => {
    const { parts, key } = await ready()
    const of = async (claims: object) => {
      const made = await assertion(parts, key, { ...claims })
      const error = await authenticate(parts, made).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof Problem && error.cause instanceof Problem)
      return [error.cause.code, Object.hasOwn(error.members, 'fault')]
    }
    const url = 'https://client.example/agent'
    assert.deepEqual(await of({ iss: url, sub: url }), ['agent_key.unknown', true])
    assert.deepEqual(await of({ iss: url, sub: 'job' }), ['issuer.not_trusted', false])
    assert.deepEqual(await of({ iss: 'http://x', sub: 'http://x' }), ['issuer.not_trusted', false])
  })

  test('an assertion that cannot be read is told to be so', async () => {
    const { parts } = await ready()
    const error = await authenticate(parts, 'x.y.z').catch((thrown: unknown) => thrown)
    assert.ok(error instanceof Problem && error.cause instanceof Problem)
    assert.equal(error.members.fault, error.cause.detail)
  })

  test('a client that is no agent yet proves the key that it registered', async () => {
    const { parts } = await ready()
    const key = keyPair()
    const client = (over: Partial<ProspectiveClient> = {}): ProspectiveClient => ({
      ...{ clientId: 'new-bot', methods: ['private_key_jwt'], fapi2: false, jwks: [key.jwk] },
      ...over,
    })
    const shown = async (over = {}, by_ = key) => ({
      assertion: await assertion(parts, by_, { iss: 'new-bot', sub: 'new-bot', jti: 'j1' }),
      ...{ assertionType, ...over },
    })
    const use = await authenticateClient(parts, client(), await shown())
    assert.equal(use?.replayKey, assertionReplayKey('new-bot', 'j1'))
    const refused = async (by_: ProspectiveClient, over = {}, key_ = key) =>
      refusal(authenticateClient(parts, by_, await shown(over, key_)))
    assert.equal(await refused(client(), {}, keyPair()), 'token.bad_signature')
    assert.equal(await refused(client({ clientId: 'old-bot' })), 'agent.unauthenticated')
    const saml = { assertionType: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }
    assert.equal(await refused(client(), saml), 'agent.unauthenticated')
    await assert.rejects(authenticateClient(parts, client({ methods: ['none'] }), await shown()), {
      code: 'oauth.invalid_request',
      detail: '`client_assertion` is not accepted here: the client is public',
    })
  })

  test('a client without a key is public where it registered so, and not by the profile FAPI 2.0', async () => {
    const { parts } = await ready()
    const open_: ProspectiveClient = {
      ...{ clientId: 'page', methods: ['none'], fapi2: false, jwks: [] },
    }
    assert.equal(await authenticateClient(parts, open_, undefined), undefined)
    const needed = {
      code: 'agent.unauthenticated',
      detail: 'the client authenticates with its key',
    }
    for (const [parts_, client] of [
      [parts, undefined],
      [parts, { ...open_, methods: ['private_key_jwt'] }],
      [parts, { ...open_, fapi2: true }],
      [{ ...parts, fapi2: true }, open_],
    ] as const)
      await assert.rejects(authenticateClient(parts_, client, undefined), needed)
  })
})

test('what is public is said as it is, and so is a failure that says nothing of the agent', () => {
  const thrown = (cause: unknown, fault?: string): unknown => {
    try {
      return inTheSameWords(cause, fault)
    } catch (error) {
      return error
    }
  }
  for (const cause of [
    new Error('a bug'),
    new Problem('server.failed', 'broken'),
    new Problem('storage.unavailable', 'away'),
    new Problem('agent.quarantined', 'nobody let it in'),
    new Problem('client_document.invalid', 'no JSON'),
    new Problem('attestation.invalid', 'old'),
  ])
    assert.equal(thrown(cause), cause)
  const cause = new Problem('agent.unknown', 'there is no such agent')
  for (const fault of ['late', undefined]) {
    const error = thrown(cause, fault)
    assert.ok(error instanceof Problem && error.cause === cause)
    assert.equal(error.code, 'agent.unauthenticated')
    assert.deepEqual(error.members, fault === undefined ? {} : { fault })
  }
})
