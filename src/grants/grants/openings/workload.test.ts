import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decideCall } from '../../../calls/calls/decide-call.ts'
import {
  type HeldTask,
  newKey,
  ORDERS,
  READ,
  TOKEN_URL,
  type World,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import { addKey, findAgent, setTrust } from '../../../identity/agents/index.ts'
import { fakeProvider } from '../../../identity/identity-providers/testing.ts'
import { workloadId } from '../../../identity/issuers/identify-workload.ts'
import {
  addIssuer,
  resumeIssuer,
  revokeIssuer,
  setIssuerTerms,
  suspendIssuer,
} from '../../../identity/issuers/index.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { listSponsorGrants } from '../../../tasks/sponsorship/index.ts'
import { findTask, listTasks, TaskKeeper } from '../../../tasks/tasks/index.ts'
import type { OpenedTask, OpeningAnswer, SponsoredOpening } from '../opening.ts'
import { openTask } from './open-task.ts'
import { addAgent, child, only, permitAll, reasonOf } from './testing.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const by = 'operator'
const SPONSOR = { purpose: 'reads orders', tasks: 100, seconds: 3600, days: 30 }

forEachEngine('tasks of agents that a trusted issuer vouches for', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, over: Partial<IssuerDescription> = {}) {
    const world = await worlds.own(t)
    const platform = await fakeProvider()
    t.after(() => platform.close())
    const parts = { ...world.parts, loopback: true }
    const { ada } = world
    await permitAll(world, ada, world.sam)
    const terms = (more: Partial<IssuerDescription> = {}) => ({
      uses: ['workload'],
      trust: 3,
      ceiling: null,
      ownerId: ada.id,
      rules: [
        {
          name: 'all',
          when: [{ claim: 'sub', prefix: 'agent/' }],
          admit: {
            trust: 3,
            ceiling: [only('orders.read', 'orders.list')],
            owner: ada.id,
            sponsor: SPONSOR,
          },
        },
      ],
      ...over,
      ...more,
    })
    const issuer = await addIssuer(parts, {
      ...terms(),
      ...{ name: 'platform', issuer: platform.issuer, by: ada.id },
    })
    let count = 0
    const token = (claims: Record<string, unknown> = {}) => {
      const now = Math.floor(parts.clock.now() / 1000)
      const honest = { iss: platform.issuer, aud: parts.issuer, iat: now, exp: now + 600 }
      return platform.sign({ ...honest, sub: 'agent/1', jti: `w${count++}`, ...claims })
    }
    const opening = async (more: Partial<SponsoredOpening> = {}, key = newKey()) => ({
      assertion: await token(),
      assertionType: JWT_BEARER,
      proof: world.proof(key, { method: 'POST', url: TOKEN_URL }),
      method: 'POST',
      url: TOKEN_URL,
      origin: { ip: '192.0.2.7' },
      ...more,
    })
    const held = async (more: Partial<SponsoredOpening> = {}): Promise<HeldTask> => {
      const key = newKey()
      const opened = await openTask(parts, 'workload', await opening(more, key))
      if (opened.outcome !== 'opened') throw new Error(JSON.stringify(opened))
      return { opened, key }
    }
    const agentId = workloadId({ name: 'platform' }, 'agent/1')
    const change = { name: 'platform', by, reason: 'test' }
    const set = (more: Partial<IssuerDescription>) =>
      setIssuerTerms(parts, { name: 'platform', terms: terms(more), by: ada.id })
    return { world, parts, issuer, token, opening, held, agentId, change, set }
  }

  async function reads(world: World, held: HeldTask, token?: string): Promise<string> {
    const shown = token ?? (await world.token(held))
    const verdict = await world.decide(held, shown, READ)
    return verdict.outcome === 'deny' ? verdict.reason : verdict.outcome
  }

  function opened(answer: OpeningAnswer): OpenedTask {
    if (answer.outcome !== 'opened') throw new Error(JSON.stringify(answer))
    return answer
  }

  test('a token that was never seen opens a task of its own, sponsored as the rule says', async (t) => {
    const { agentId, held, parts, world } = await begin(t)
    const one = await held({ scope: 'orders.read' })
    const { task } = one.opened
    assert.deepEqual(
      [task.agentId, task.openedBy, task.sponsored, task.personId, task.purpose, task.issuers],
      [agentId, 'sponsor', true, world.ada.id, SPONSOR.purpose, ['platform']],
    )
    assert.deepEqual(await findTask(parts.storage.read, task.id), task)
    assert.equal(await reads(world, one), 'permit')
    await held()
    const grants = await listSponsorGrants(parts.storage.read, { agentId, limit: 5 })
    assert.equal(grants.length, 1, 'sponsored once')
    const record = (await parts.recorded()).find(({ type }) => type === 'task.opened')
    assert.deepEqual(record?.facts?.issuers, ['platform'])
  })

  test('whoever is quarantined, or was never sponsored, gets nothing', async (t) => {
    const { agentId, opening, parts, set } = await begin(t, { rules: [] })
    assert.equal(
      reasonOf(await openTask(parts, 'workload', await opening())),
      'sponsor_grant.unknown',
    )
    assert.equal((await findAgent(parts.storage.read, agentId))?.trust, 0)
    await set({})
    assert.equal(
      reasonOf(await openTask(parts, 'workload', await opening())),
      'sponsor_grant.unknown',
    )
    assert.deepEqual(await listTasks(parts.storage.read, { limit: 5 }), [])
  })

  test('64 first openings at once: one agent, one sponsor grant, and a task for each key', async (t) => {
    const { agentId, opening, parts } = await begin(t)
    const asked = await Promise.all(Array.from({ length: 64 }, () => opening()))
    const answers = await Promise.all(asked.map((each) => openTask(parts, 'workload', each)))
    assert.deepEqual([...new Set(answers.map(reasonOf))], ['opened'])
    const grants = await listSponsorGrants(parts.storage.read, { agentId, limit: 5 })
    assert.equal(grants.length, 1)
  })

  test('it may open for a person, too, when it is given that person’s token', async (t) => {
    const { opening, parts, token, world } = await begin(t)
    opened(await openTask(parts, 'workload', await opening()))
    const key = newKey()
    const asked = await world.opening(key, { assertion: await token() })
    const { linkClient } = await import('../../../identity/agents/index.ts')
    const agentId = workloadId({ name: 'platform' }, 'agent/1')
    const client = { issuer: world.provider.issuer, clientId: 'platform-client' }
    await linkClient(parts, { agentId, ...client, by })
    const subjectToken = await world.subjectToken('sam', { aud: 'platform-client' })
    const asks = { ...asked, subjectToken, details: [only('orders.read')] }
    assert.equal(reasonOfAny(await openTask(parts, 'token_exchange', asks)), 'needs_consent')
    await world.allow([only('orders.read')], agentId)
    const next = {
      assertion: await token(),
      proof: world.proof(key, { method: 'POST', url: TOKEN_URL }),
    }
    const answer = await openTask(parts, 'token_exchange', { ...asks, ...next })
    assert.equal(answer.outcome, 'opened')
    assert.deepEqual(answer.outcome === 'opened' && answer.task.issuers, ['platform'])
  })

  test('suspended, nothing that rests on it happens; resumed, it goes on; revoked, it has ended', async (t) => {
    const { change, held, opening, parts, world } = await begin(t)
    const root = await held()
    const helper = await addAgent(world, 'helper-bot')
    const below = await child(world, root, helper)
    assert.deepEqual(below.opened.task.issuers, ['platform'])
    const [old, oldBelow] = [await world.token(root), await world.token(below)]
    assert.equal(await reads(world, root, old), 'permit')
    assert.equal(await reads(world, below, oldBelow), 'permit')
    await suspendIssuer(parts, change)
    for (const [each, token] of [
      [root, old],
      [below, oldBelow],
    ] as const)
      assert.equal(await reads(world, each, token), 'issuer.suspended')
    await assert.rejects(world.token(root), /issuer\.suspended/)
    assert.equal(
      reasonOf(await openTask(parts, 'workload', await opening())),
      'agent.unauthenticated',
    )
    await resumeIssuer(parts, change)
    assert.equal(await reads(world, root, old), 'token.stale', 'tokens from before stay dead')
    assert.equal(await reads(world, root), 'permit')
    const newer = await world.token(root)
    await revokeIssuer(parts, change)
    assert.equal(await reads(world, root, newer), 'issuer.revoked')
    await assert.rejects(world.token(below), /issuer\.revoked/)
    const keeper = new TaskKeeper(parts, { onError: (error) => assert.fail(String(error)) })
    await keeper.start()
    await keeper.sweep()
    await keeper.stop()
    for (const { opened: of } of [root, below])
      assert.equal((await findTask(parts.storage.read, of.task.id))?.state, 'closed')
    assert.equal(
      (await findTask(parts.storage.read, root.opened.task.id))?.closeReason,
      'issuer.ended',
    )
  })

  test('revoked beside 16 calls: none is permitted after it has returned', async (t) => {
    const { change, held, parts, world } = await begin(t)
    const root = await held()
    const token = await world.token(root)
    let returned = false
    const revoked = revokeIssuer(parts, change).then(() => {
      returned = true
    })
    const calls = Array.from({ length: 16 }, async () => {
      const before = returned
      const call = await world.call(root, token, READ)
      const { outcome } = await decideCall(parts, call)
      assert.ok(!(before && outcome === 'permit'))
    })
    await Promise.all([revoked, ...calls])
    assert.equal(await reads(world, root, token), 'issuer.revoked')
  })

  test('its ceiling and its trust count at every call, as they are now', async (t) => {
    const { agentId, held, parts, set, world } = await begin(t)
    const root = await held()
    await set({ ceiling: [only('orders.list')] })
    assert.equal(await reads(world, root, await world.token(root)), 'task.not_covered')
    const narrower = await held()
    assert.deepEqual(
      narrower.opened.details.map(({ actions }) => actions),
      [['orders.list']],
    )
    await set({ ceiling: null })
    assert.equal(await reads(world, root), 'permit')
    await assert.rejects(set({ trust: 0 }), { code: 'issuer.bad' })
    await set({ trust: 0, rules: [] })
    await assert.rejects(world.token(root), /agent\.quarantined/)
    await setTrust(parts, { agentId, trust: 0, by })
    await assert.rejects(world.token(root), /agent\.quarantined/)
  })

  test('no task outlasts the trust', async (t) => {
    const { parts, held, set } = await begin(t)
    const expiresAt = parts.clock.now() + 60_000
    await set({ expiresAt })
    assert.equal((await held()).opened.task.deadline, expiresAt)
  })

  test('an end that is brought forward ends the tasks that were open already', async (t) => {
    const { held, parts, set, world } = await begin(t)
    const task = await held()
    await set({ expiresAt: parts.clock.now() + 60_000 })
    assert.equal(await reads(world, task), 'permit')
    const token = await world.token(task)
    parts.clock.advance(60_000)
    assert.equal(await reads(world, task, token), 'issuer.expired')
    await assert.rejects(world.token(task), /issuer\.expired/)
    await set({})
    assert.equal(await reads(world, task), 'permit')
  })

  test('what its platform wants at most is the most that is granted', async (t) => {
    const { opening, parts, token } = await begin(t)
    const asks = async (scope: unknown, asked: Partial<SponsoredOpening> = {}) =>
      openTask(parts, 'workload', await opening({ assertion: await token({ scope }), ...asked }))
    const actions = (answer: OpeningAnswer) =>
      opened(answer).details.flatMap((each) => each.actions)
    assert.deepEqual(actions(await asks('orders.read things.unknown')), ['orders.read'])
    assert.deepEqual(actions(await asks('orders.read orders.list', { scope: 'orders.list' })), [
      'orders.list',
    ])
    assert.equal(reasonOf(await asks('things.unknown')), 'task.bad_scope')
    assert.equal(reasonOf(await asks('orders.read', { scope: 'orders.list' })), 'task.bad_scope')
    assert.equal(reasonOf(await asks(7)), 'token.malformed')
    const details = [only('orders.refund', 'orders.read')]
    assert.deepEqual(actions(await asks('orders.read', { details })), ['orders.read'])
  })

  test('without a proof there is one bearer token for one resource, where the issuer may have that', async (t) => {
    const { agentId, opening, parts, set, world } = await begin(t)
    const bare = async (more: Partial<SponsoredOpening> = {}) =>
      openTask(parts, 'workload', {
        ...(await opening({ resource: ORDERS, ...more })),
        proof: undefined,
      })
    assert.equal(reasonOf(await bare()), 'proof.missing')
    await set({ bearer: true })
    assert.equal(reasonOf(await bare({ resource: undefined })), 'resource.unknown')
    const answer = opened(await bare())
    const { expiresIn, token } = answer.token
    assert.deepEqual([answer.kind, answer.task.keyThumbprint, expiresIn], ['resource', null, 300])
    assert.ok(answer.task.deadline - parts.clock.now() <= 310_000)
    assert.match(token, /^remit_at_/)
    const held = { opened: answer, key: newKey() }
    const shown = { scheme: 'Bearer', proof: undefined } as const
    const call = await world.call(held, token, READ, shown)
    assert.equal((await decideCall(parts, call)).outcome, 'permit')
    const bad = await openTask(parts, 'workload', await opening({ resource: ORDERS, proof: ['x'] }))
    assert.equal(reasonOf(bad), 'proof.malformed')
    await addKey(parts, { agentId, jwk: newKey().jwk, by })
    assert.equal(reasonOf(await bare()), 'proof.missing', 'whoever has a key proves it')
  })

  test('an agent issues itself no grant, and a base credential calls nothing', async (t) => {
    const { held, opening, parts, token, world } = await begin(t)
    const self = await openTask(parts, 'workload', await opening({ assertion: world.assertion() }))
    assert.equal(reasonOf(self), 'agent.unauthenticated')
    const root = await held()
    for (const scheme of ['DPoP', 'Bearer'] as const) {
      const shown = await token()
      const call = await world.call(root, shown, READ, { scheme })
      const verdict = await decideCall(parts, call)
      assert.equal(verdict.outcome, 'deny')
    }
  })
})

function reasonOfAny(answer: { outcome: string; reason?: string }): string {
  return answer.reason ?? answer.outcome
}
