import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { authenticateAgent } from '../agent-authentication/authenticate.ts'
import {
  credentialStep,
  HELD_TOKEN_GUARD,
  useCredential,
} from '../agent-authentication/credential-use.ts'
import { findAgent, listAgents } from '../agents/agent-store.ts'
import { setTrust } from '../agents/change-limits.ts'
import { suspendAgent } from '../agents/change-status.ts'
import { assertion, CEILING, keyPair, registered } from '../agents/testing.ts'
import { someone } from '../people/testing.ts'
import { suspendPerson } from '../sessions/index.ts'
import { resumeIssuer, revokeIssuer, setIssuerTerms, suspendIssuer } from './change-issuer.ts'
import { findIssuer } from './issuer-store.ts'
import { claudeTag, githubActions, kubernetes } from './real-tokens.ts'
import { type IssuerWorld, issuerWorld, trusted } from './testing.ts'
import { forgetWorkloadTokens } from './workload-store.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const JWT_SPIFFE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
const by = 'operator'

forEachEngine('workloads of trusted issuers', (open) => {
  async function begin(t: TestContext) {
    const world = await issuerWorld(await open())
    t.after(() => world.end())
    const admit = { trust: 2, ceiling: CEILING, owner: world.ada.id }
    const ours = (over: object = {}) => ({
      name: 'ours',
      when: [{ claim: 'sub', prefix: 'agent/' }],
      admit: { ...admit, ...over },
    })
    return { world, parts: world.parts, read: world.parts.storage.read, ours }
  }

  function show({ parts }: IssuerWorld, token: string, assertionType = JWT_BEARER) {
    return authenticateAgent(parts, { assertion: token, assertionType })
  }

  /** The reason behind the one answer on the wire. */
  async function refusal(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.then(
      () => assert.fail('it was accepted'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof Problem, String(error))
    assert.equal(error.code, 'agent.unauthenticated')
    assert.equal(error.detail, 'the client assertion does not authenticate an agent')
    assert.ok(error.cause instanceof Problem)
    return error.cause.code
  }

  test('whom a rule admits is an agent of its own, with what the rule gives, for ever', async (t) => {
    const { ours, parts, read, world } = await begin(t)
    await trusted(world, { rules: [ours()] })
    const { agent, heldBy, issuers } = await show(world, await world.token())
    assert.match(agent.id, /^workload-[0-9a-f]{32}$/)
    assert.deepEqual(
      [agent.trust, agent.ceiling, agent.ownerId, agent.admission, agent.issuer, heldBy],
      [2, CEILING, world.ada.id, 'cluster/ours', 'cluster', agent.id],
    )
    assert.match(agent.name, /^agent\/1 \(by cluster [0-9a-f]{12}\)$/)
    assert.deepEqual(
      issuers.map(({ name }) => name),
      ['cluster'],
    )
    const again = await show(world, await world.token())
    assert.deepEqual(again.agent, agent)
    assert.notEqual((await show(world, await world.token({ sub: 'agent/2' }))).agent.id, agent.id)
    // What an administrator made of it stays, whatever the rules say by now.
    await setTrust(parts, { agentId: agent.id, trust: 1, by })
    await setIssuerTerms(parts, { name: 'cluster', terms: world.describe(), by })
    assert.equal((await show(world, await world.token())).agent.trust, 1)
    const admitted = (await parts.recorded()).filter(({ type }) => type === 'agent.admitted')
    assert.deepEqual(
      admitted.map(({ by: who, facts }) => [who, facts?.issuer, facts?.rule]),
      [
        ['issuer:cluster', 'cluster', 'ours'],
        ['issuer:cluster', 'cluster', 'ours'],
      ],
    )
    assert.ok(!JSON.stringify(admitted).includes('agent/1'), 'the subject is behind a commitment')
    assert.deepEqual((await parts.liveOf('agent', agent.id)).state, 'active')
    assert.equal((await findIssuer(read, 'cluster'))?.agents, 2)
  })

  test('whom no rule knows is quarantined; an owner who is gone lets nobody in', async (t) => {
    const { ours, parts, world } = await begin(t)
    const gone = await someone(parts, 'gone')
    await trusted(world, { rules: [ours({ owner: gone.id })] })
    await suspendPerson(parts, { personId: gone.id, by, reason: 'test' })
    for (const sub of ['agent/1', 'pipeline/7']) {
      const { agent } = await show(world, await world.token({ sub }))
      assert.deepEqual(
        [agent.trust, agent.ceiling, agent.ownerId, agent.admission],
        [0, [], world.ada.id, ''],
        sub,
      )
    }
  })

  test('a rule may name an agent that is there; the first that holds counts, and all its conditions', async (t) => {
    const { ours, parts, world } = await begin(t)
    await registered(parts, world.ada, { trust: 2 })
    const bot = {
      name: 'bot',
      when: [
        { claim: 'sub', prefix: 'agent/' },
        { claim: '/deep/team', equals: 'refunds' },
      ],
      agent: 'refund-bot',
    }
    await trusted(world, { trust: 2, rules: [bot, ours()] })
    const deep = { deep: { team: 'refunds' } }
    assert.equal((await show(world, await world.token(deep))).agent.id, 'refund-bot')
    for (const claims of [{}, { deep: { team: 'Refunds' } }, { '/deep/team': 'refunds' }])
      assert.match((await show(world, await world.token(claims))).agent.id, /^workload-/)
    // One that is trusted more than the issuer may be is not vouched for.
    await setTrust(parts, { agentId: 'refund-bot', trust: 3, by })
    assert.equal(await refusal(show(world, await world.token(deep))), 'issuer.not_trusted')
    await suspendAgent(parts, { agentId: 'refund-bot', by, reason: 'test' })
    await setTrust(parts, { agentId: 'refund-bot', trust: 2, by })
    assert.equal(await refusal(show(world, await world.token(deep))), 'agent.suspended')
  })

  test('no more agents than may be; those that are there are let in all the same', async (t) => {
    const { ours, parts, read, world } = await begin(t)
    await trusted(world, { rules: [ours()], mostAgents: 2 })
    await show(world, await world.token({ sub: 'agent/1' }))
    await show(world, await world.token({ sub: 'agent/2' }))
    assert.equal(await refusal(show(world, await world.token({ sub: 'agent/3' }))), 'issuer.full')
    await show(world, await world.token({ sub: 'agent/1' }))
    assert.equal((await listAgents(read, { limit: 10 })).length, 2)
    const terms = world.describe({ mostAgents: 1 })
    await assert.rejects(setIssuerTerms(parts, { name: 'cluster', terms, by }), {
      code: 'issuer.bad',
    })
  })

  test('64 who come first at once are one agent', async (t) => {
    const { ours, read, world } = await begin(t)
    await trusted(world, { rules: [ours()], mostAgents: 1 })
    const tokens = await Promise.all(Array.from({ length: 64 }, () => world.token()))
    const found = await Promise.all(tokens.map((token) => show(world, token)))
    assert.equal(new Set(found.map(({ agent }) => agent.id)).size, 1)
    assert.equal((await listAgents(read, { limit: 10 })).length, 1)
  })

  test('a token may be shown again until it ends, by the agent that showed it first and by no other', async (t) => {
    const { ours, parts, read, world } = await begin(t)
    await trusted(world, { rules: [ours()] })
    const shown = await show(world, await world.token({ jti: 'j1' }))
    const use = (of: Parameters<typeof credentialStep>[1]) =>
      parts.storage.commit([credentialStep(read, of)])
    for (let i = 0; i < 3; i++) assert.ok((await use(shown)).committed)
    const tx = (of: Parameters<typeof credentialStep>[1]) =>
      parts.storage.transaction((inside) => useCredential(inside, of))
    await tx(shown)
    const other = await show(world, await world.token({ jti: 'j1', sub: 'agent/2' }))
    assert.equal(other.replayKey, shown.replayKey)
    assert.deepEqual(await use(other), { committed: false, failed: HELD_TOKEN_GUARD })
    await assert.rejects(tx(other), { code: 'assertion.replayed' })
    // Of another issuer, the same `jti` is another token.
    await parts.storage.transaction((inside) => forgetWorkloadTokens(inside, shown.expiresAt))
    await assert.rejects(tx(other), { code: 'assertion.replayed' }, 'not before it has ended')
    await parts.storage.transaction((inside) => forgetWorkloadTokens(inside, shown.expiresAt + 1))
    await tx(other)
  })

  test('64 agents that show one token at once: it is the first one’s', async (t) => {
    const { parts, read, world } = await begin(t)
    await trusted(world, {})
    const { expiresAt, replayKey } = await show(world, await world.token())
    const uses = Array.from({ length: 64 }, (_, i) => ({ replayKey, expiresAt, heldBy: `a${i}` }))
    const done = await Promise.all(
      uses.map((use) => parts.storage.commit([credentialStep(read, use)])),
    )
    assert.equal(done.filter(({ committed }) => committed).length, 1)
  })

  test('suspended, revoked or gone: nobody it vouches for is let in, not by a key of their own either', async (t) => {
    const { ours, parts, world } = await begin(t)
    await trusted(world, { rules: [ours()] })
    const { agent } = await show(world, await world.token())
    const key = keyPair()
    const { addKey } = await import('../agents/change-keys.ts')
    await addKey(parts, { agentId: agent.id, jwk: key.jwk, by })
    const own = async () =>
      show(world, await assertion(parts, key, { iss: agent.id, sub: agent.id }))
    assert.deepEqual(
      (await own()).issuers.map(({ name }) => name),
      ['cluster'],
    )
    const change = { name: 'cluster', by, reason: 'test' }
    await suspendIssuer(parts, change)
    assert.equal(await refusal(own()), 'issuer.suspended')
    assert.equal(await refusal(show(world, await world.token())), 'issuer.suspended')
    await resumeIssuer(parts, change)
    await own()
    await revokeIssuer(parts, change)
    assert.equal(await refusal(own()), 'issuer.revoked')
    assert.equal(await refusal(show(world, await world.token())), 'issuer.not_trusted')
    // Registered again, it vouches for new agents.
    await trusted(world, { name: 'again', rules: [ours()] })
    assert.notEqual((await show(world, await world.token())).agent.id, agent.id)
  })

  test('X1: what a person signed in with, and what names an agent itself, is nobody’s identity', async (t) => {
    const { ours, parts, world } = await begin(t)
    await registered(parts, world.ada)
    await trusted(world, { rules: [ours()] })
    for (const claims of [
      { nonce: 'n' },
      { at_hash: 'h' },
      { auth_time: 1 },
      { act: { sub: 'refund-bot' } },
      { may_act: { sub: 'refund-bot' } },
      { events: {} },
    ])
      assert.equal(await refusal(show(world, await world.token(claims))), 'token.malformed')
    for (const [claims, code] of [
      [{ iss: 'refund-bot', sub: 'refund-bot' }, 'agent_key.unknown'],
      [{ iss: 'refund-bot' }, 'agent.unauthenticated'],
      [{ sub: 'refund-bot' }, undefined],
    ] as const) {
      const shown = show(world, await world.token(claims))
      if (code) assert.equal(await refusal(shown), code)
      else assert.notEqual((await shown).agent.id, 'refund-bot')
    }
    assert.equal(await refusal(show(world, await world.token(), JWT_SPIFFE)), 'token.malformed')
    assert.equal(
      await refusal(show(world, await world.token(), 'urn:example:other')),
      'agent.unauthenticated',
    )
  })

  test('tokens in the form of Kubernetes, GitHub Actions and Claude Tag', async (t) => {
    const { parts, read, world } = await begin(t)
    const admit = { trust: 1, ceiling: CEILING, owner: world.ada.id }
    const now = Math.floor(parts.clock.now() / 1000)
    await trusted(world, {
      subjectPrefix: 'system:serviceaccount:agents:',
      rules: [
        {
          name: 'by-name',
          when: [{ claim: '/kubernetes.io/serviceaccount/name', equals: 'refunds' }],
          admit,
        },
      ],
    })
    const pod = await show(world, await world.token(kubernetes(now, 'agents', 'refunds')))
    assert.equal(pod.agent.admission, 'cluster/by-name')
    assert.equal(
      await refusal(show(world, await world.token(kubernetes(now, 'default', 'refunds')))),
      'issuer.not_trusted',
    )
    await revokeIssuer(parts, { name: 'cluster', by, reason: 'test' })

    await trusted(world, {
      name: 'pipelines',
      tenant: { claim: 'repository_owner_id', value: '1234567' },
      rules: [
        {
          name: 'deploys',
          when: [
            { claim: 'repository', equals: 'acme/shop' },
            { claim: 'ref', equals: 'refs/heads/main' },
          ],
          admit,
        },
      ],
    })
    const run = await show(world, await world.token(githubActions(now)))
    assert.equal(run.agent.admission, 'pipelines/deploys')
    const branch = {
      ...githubActions(now),
      ref: 'refs/heads/x',
      sub: 'repo:acme/shop:ref:refs/heads/x',
    }
    assert.equal((await show(world, await world.token(branch))).agent.trust, 0)
    const foreign = { ...githubActions(now), repository_owner_id: '7654321' }
    assert.equal(await refusal(show(world, await world.token(foreign))), 'issuer.not_trusted')
    await revokeIssuer(parts, { name: 'pipelines', by, reason: 'test' })

    const org = 'org_01Hx7rQkPzT9sN3mVbJw2eYd'
    await trusted(world, {
      name: 'claude-tag',
      algorithms: ['ES256'],
      tenant: { claim: 'tenant', value: org },
      subjectPrefix: `wimse://identity.anthropic.com/org/${org}/agent/`,
      mostLifeSeconds: 600,
      rules: [
        { name: 'channel', when: [{ claim: 'slack_channel_id', equals: 'C01MZ4KVNXRT' }], admit },
      ],
    })
    const tag = await show(world, await world.token(claudeTag(now, org)))
    assert.equal(tag.agent.admission, 'claude-tag/channel')
    for (const [claims, code] of [
      [{ tenant: 'org_other' }, 'issuer.not_trusted'],
      [{ sub: 'wimse://identity.anthropic.com/org/org_other/agent/cagt_1' }, 'issuer.not_trusted'],
      [{ aud: ['https://gateway.example.com'] }, 'token.wrong_audience'],
      [{ exp: now }, 'token.expired'],
      [{ exp: now + 601 }, 'token.too_long_lived'],
    ] as const)
      assert.equal(
        await refusal(show(world, await world.token({ ...claudeTag(now, org), ...claims }))),
        code,
        JSON.stringify(claims),
      )
    const { slack_channel_id: _, ...quiet } = claudeTag(now, org)
    assert.equal(
      (await show(world, await world.token({ ...quiet, sub: `${quiet.sub}x` }))).agent.trust,
      0,
      'a rule about a claim that is missing holds for nobody',
    )
    assert.ok(await findAgent(read, tag.agent.id))
  })

  test('a JWT-SVID is an agent by its SPIFFE ID', async (t) => {
    const { parts, world } = await begin(t)
    const { jwk, privateKey } = keyPair()
    const now = Math.floor(parts.clock.now() / 1000)
    await trusted(world, {
      name: 'mesh',
      issuer: 'spiffe://prod.example',
      keys: { jwks: { keys: [{ ...jwk, kid: 'svid' }] } },
      rules: [
        {
          name: 'agents',
          when: [{ claim: 'sub', prefix: 'spiffe://prod.example/ns/agents/' }],
          admit: { trust: 3, ceiling: CEILING, owner: world.ada.id },
        },
      ],
    })
    const svid = (sub: string) =>
      world.fake.sign({ sub, aud: [parts.issuer], exp: now + 300 }, { kid: 'svid' }, privateKey)
    const one = await svid('spiffe://prod.example/ns/agents/refunds')
    assert.equal((await show(world, one, JWT_SPIFFE)).agent.trust, 3)
    const next = await svid('spiffe://prod.example/ns/agents-other/refunds')
    assert.equal((await show(world, next, JWT_SPIFFE)).agent.trust, 0)
    assert.equal(
      await refusal(show(world, one)),
      'issuer.not_trusted',
      'as another type it is none',
    )
  })
})
