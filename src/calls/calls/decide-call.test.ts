import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { findRequest } from '../../approvals/access-requests/index.ts'
import { resumeResource, setRisk, suspendResource } from '../../catalog/catalog-changes/index.ts'
import { issueResourceToken } from '../../grants/issuance/issue-resource-token.ts'
import { resumeAgent, setCeiling, suspendAgent } from '../../identity/agents/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { checkProof } from '../../identity/possession/index.ts'
import { suspendPerson } from '../../identity/sessions/index.ts'
import { mintResourceToken } from '../../identity/tokens/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { ORGANIZATION } from '../../platform/revocation/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { findDecision, listDecisions } from '../../tasks/decision-log/decision-store.ts'
import type { Call } from '../../tasks/facts/call.ts'
import { callKeys } from '../../tasks/facts/liveness.ts'
import { closeTask, resumeTask, suspendTask } from '../../tasks/tasks/index.ts'
import { decideCall } from './decide-call.ts'
import { recordOutcome } from './outcome.ts'
import { stillLive } from './still-live.ts'
import {
  ALL_OF_ORDERS,
  GATEWAY,
  type HeldTask,
  ISSUER,
  newKey,
  ORDERS,
  READ,
  REFUND_DESK,
  refund,
  type Wish,
  World,
  worldsOver,
} from './testing.ts'
import type { Verdict } from './verdict.ts'

function reasonOf(verdict: Verdict): string {
  return 'reason' in verdict ? verdict.reason : verdict.outcome
}

forEachEngine('a call', (open) => {
  const worlds = worldsOver(open)

  /** Begins with a held task; give the test when it changes more than its own task. */
  async function begin(t?: TestContext): Promise<{ world: World; held: HeldTask; token: string }> {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  test('is permitted where person, agent, task and policy permit it', async () => {
    const { held, token, world } = await begin()
    const verdict = await world.decide(held, token, READ)
    assert.ok(verdict.outcome === 'permit', JSON.stringify(verdict))
    assert.equal(verdict.person.id, world.sam.id)
    assert.deepEqual(verdict.chain, ['refund-bot'])
    assert.equal(stillLive(world.parts, verdict), true)
    const { decisionId } = verdict
    const row = await findDecision(world.parts.storage.read, decisionId)
    assert.deepEqual([row?.state, row?.outcome, row?.action], ['sending', 'permit', 'orders.read'])
    const answered = { state: 'answered', status: 200, latencyMs: 3 } as const
    assert.equal(await recordOutcome(world.parts, decisionId, answered), true)
    assert.equal(await recordOutcome(world.parts, decisionId, { state: 'failed' }), false)
    const records = (await world.parts.recorded()).filter((each) => each.decision_id === decisionId)
    assert.deepEqual(
      records.map(({ type, outcome }) => [type, outcome]),
      [
        ['decision.intent', 'permit'],
        ['decision.outcome', 'answered'],
      ],
    )
  })

  test('with a small amount goes through, with a large one people are asked', async () => {
    const { held, token, world } = await begin()
    assert.equal((await world.decide(held, token, refund('40.00'))).outcome, 'permit')
    const asked = await world.decide(held, token, refund('900.00'))
    assert.ok(asked.outcome === 'requestable')
    const request = await findRequest(world.parts, asked.request.id)
    assert.equal(request?.text, 'Refund 900.00 EUR on order "1042"')
    assert.equal(request?.decisionId, asked.decisionId)
    assert.match(asked.request.url, /\/v1\/tasks\/tsk_.*\/requests\/req_/)
    const row = await findDecision(world.parts.storage.read, asked.decisionId)
    assert.deepEqual(
      [row?.outcome, row?.requestId, row?.state],
      ['requestable', asked.request.id, 'decided'],
    )
  })

  test('that no approval can help is denied without asking anyone', async () => {
    const { held, token, world } = await begin()
    const verdict = await world.decide(held, token, refund('5000.01'))
    assert.equal(reasonOf(verdict), 'agent.not_permitted')
  })

  test('that the task does not cover is denied, naming what is missing', async () => {
    const { world } = await begin()
    const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }] as const
    const actions = ['orders.read', 'orders.refund']
    const held = await world.open({ details: [{ ...ALL_OF_ORDERS, actions, bounds }] })
    const token = await world.token(held)
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    const verdict = await world.decide(held, token, { path: '/orders/1043' })
    assert.ok(verdict.outcome === 'deny')
    assert.equal(verdict.reason, 'task.not_covered')
    assert.match(verdict.detail, /order_id 1043/)
    assert.match(verdict.enough, /order_id = 1043/)
  })

  test('with a token that was narrowed is denied beyond what the token says', async () => {
    const { held, token, world } = await begin()
    const details = [{ ...ALL_OF_ORDERS, actions: ['orders.list'] }]
    const issued = await issueResourceToken(world.parts, world.exchange(held, { details }))
    assert.ok(issued.outcome === 'issued')
    const narrow = issued.token.token
    assert.equal((await world.decide(held, narrow, { path: '/orders' })).outcome, 'permit')
    assert.equal(reasonOf(await world.decide(held, narrow, READ)), 'token.not_covered')
    assert.equal(reasonOf(await world.decide(held, narrow, refund('900.00'))), 'token.not_covered')
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
  })

  test('of a person who left the group is denied with the very next call', async (t) => {
    const { held, token, world } = await begin(t)
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    await world.signIn('sam')
    assert.equal(reasonOf(await world.decide(held, token, READ)), 'token.stale')
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.equal(reasonOf(verdict), 'person.not_permitted')
  })

  test('by an agent whose ceiling was lowered is denied, whatever the task was granted', async (t) => {
    const { held, world } = await begin(t)
    const ceiling = [{ ...ALL_OF_ORDERS, actions: ['orders.list'] }]
    await setCeiling(world.parts, { agentId: 'refund-bot', ceiling, by: 'operator' })
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.equal(reasonOf(verdict), 'task.not_covered')
  })

  test('is judged by the policies that are active, not by those it began under', async (t) => {
    const { held, token, world } = await begin(t)
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    const text = `${REFUND_DESK}\n@id("stop") forbid (principal, action == Action::"orders.read", resource);`
    await publishPolicies(world.parts, { text, by: 'operator', note: '' })
    assert.equal(reasonOf(await world.decide(held, token, READ)), 'person.not_permitted')
  })

  test('permitted under the old policies is not sent under the new ones', async (t) => {
    const { held, token, world } = await begin(t)
    const verdict = await world.decide(held, token, READ)
    assert.ok(verdict.outcome === 'permit')
    await publishPolicies(world.parts, { text: REFUND_DESK, by: 'operator', note: 'again' })
    assert.equal(stillLive(world.parts, verdict), false)
  })

  test('uses the risk class as it is now', async (t) => {
    const { held, token, world } = await begin(t)
    const call = await world.call(held, token, READ)
    const rules = {
      ...world.parts,
      revalidate: world.parts.policies.revalidate.bind(world.parts.policies),
    }
    await setRisk(rules, { action: 'orders.read', risk: 'critical', by: 'operator' })
    const verdict = await decideCall(world.parts, { ...call, token })
    assert.ok(['requestable', 'deny'].includes(verdict.outcome), verdict.outcome)
    const again = await world.decide(held, await world.token(held), READ)
    assert.equal(again.outcome, 'requestable')
  })

  test('read under a definition that is gone is denied', async () => {
    const { held, token, world } = await begin()
    const call = await world.call(held, token, READ)
    for (const changed of [
      { ...call, action: { ...call.action, digest: 'other' } },
      { ...call, resource: { ...call.resource, upstream: 'https://evil.example' } },
    ]) {
      const proof = world.proof(held.key, { method: 'GET', url: call.url, token })
      assert.equal(
        reasonOf(await decideCall(world.parts, { ...changed, proof })),
        'catalog.changed',
      )
    }
  })
})

forEachEngine('credentials of a call', (open) => {
  const worlds = worldsOver(open)

  /** Begins with a held task; give the test when it changes more than its own task. */
  async function begin(t?: TestContext): Promise<{ world: World; held: HeldTask; token: string }> {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  test('missing, as bearer, of another kind, for another audience, expired: denied', async () => {
    const { held, token, world } = await begin()
    const refused = async (over: Partial<Call>) => {
      const verdict = await world.decide(held, token, READ, over)
      assert.ok(verdict.outcome === 'deny', JSON.stringify(verdict))
      return [verdict.reason, verdict.challenge?.error]
    }
    const url = `${ORDERS}/orders/1042`
    const with_ = (presented: string) => ({
      token: presented,
      proof: world.proof(held.key, { method: 'GET', url, token: presented }),
    })
    assert.deepEqual(await refused({ token: undefined, scheme: undefined }), [
      'token.missing',
      undefined,
    ])
    assert.deepEqual(await refused({ scheme: 'Bearer' }), ['token.wrong_scheme', undefined])
    assert.deepEqual(await refused({ proof: undefined }), ['proof.missing', 'invalid_dpop_proof'])
    const task = held.opened.token.token
    assert.deepEqual(await refused(with_(task)), ['token.wrong_audience', 'invalid_token'])
    const idToken = await world.subjectToken()
    assert.equal((await refused(with_(idToken)))[1], 'invalid_token')
    assert.equal((await refused(with_(`${token.slice(0, -4)}AAAA`)))[0], 'token.bad_signature')
    assert.equal((await refused(with_(token.slice(0, -1))))[1], 'invalid_token')
    const catalog = await world.parts.catalog.current()
    const resource = catalog.resources.get('orders')
    assert.ok(resource)
    const other = { ...resource, identifier: `${GATEWAY}/other` }
    assert.equal((await refused({ resource: other }))[0], 'token.wrong_audience')
    world.parts.clock.advance(301_000)
    assert.deepEqual(await refused(with_(token)), ['token.expired', 'invalid_token'])
  })

  test('with a proof of another key, request, token or time: denied', async () => {
    const { held, token, world } = await begin()
    const url = `${ORDERS}/orders/1042`
    const proofs = {
      'proof.wrong_key': world.proof(newKey(), { method: 'GET', url, token }),
      'proof.wrong_request': world.proof(held.key, { method: 'POST', url, token }),
      'proof.wrong_token': world.proof(held.key, { method: 'GET', url, token: 'another' }),
      'proof.not_now': world.proof(held.key, { method: 'GET', url, token }, { iat: 1 }),
    }
    for (const [reason, proof] of Object.entries(proofs)) {
      const verdict = await world.decide(held, token, READ, { proof })
      assert.equal(reasonOf(verdict), reason)
    }
    const two = [world.proof(held.key, { method: 'GET', url, token }), proofs['proof.wrong_key']]
    assert.equal(reasonOf(await world.decide(held, token, READ, { proof: two })), 'proof.malformed')
  })

  test('a token that we signed for another key or person than the task has is of no task', async () => {
    const { held, world } = await begin()
    const { clock, keys, live, random } = world.parts
    const { task } = held.opened
    const view = await live.view(
      callKeys({
        task: task.id,
        person: task.personId,
        chain: ['refund-bot'],
        spaces: [],
        issuers: [],
        resource: 'orders',
      }),
    )
    const other = newKey()
    const minted = (person: Person, thumbprint: string) =>
      mintResourceToken(
        { key: keys.tokens, issuer: ISSUER, clock, random },
        {
          parties: { person: { id: person.id, known: person }, chain: ['refund-bot'] },
          task: { id: task.id, purpose: task.purpose, ep: view.hash },
          resource: ORDERS,
          details: [ALL_OF_ORDERS],
          thumbprint,
          notAfter: task.deadline,
        },
      )
    const { thumbprint } = await checkProof(world.proof(other, { method: 'POST', url: ISSUER }), {
      method: 'POST',
      url: ISSUER,
      clock,
    })
    const right = await minted(world.sam, task.keyThumbprint ?? '')
    assert.equal((await world.decide(held, right.token, READ)).outcome, 'permit')
    const forKey = await minted(world.sam, thumbprint)
    const thief = { ...held, key: other }
    assert.equal(reasonOf(await world.decide(thief, forKey.token, READ)), 'token.unknown_task')
    const forPerson = await minted(world.finn, task.keyThumbprint ?? '')
    assert.equal(reasonOf(await world.decide(held, forPerson.token, READ)), 'token.unknown_task')
  })

  test('a proof is good for one call, whatever came of it', async () => {
    const { held, token, world } = await begin()
    const wishes: [Wish, string][] = [
      [READ, 'permit'],
      [refund('900.00'), 'approval.required'],
      [refund('5000.01'), 'agent.not_permitted'],
    ]
    for (const [wish, first] of wishes) {
      const call = await world.call(held, token, wish)
      assert.equal(reasonOf(await decideCall(world.parts, call)), first)
      assert.equal(reasonOf(await decideCall(world.parts, call)), 'proof.replayed')
    }
  })

  test('64 copies of one call: exactly one is permitted', async () => {
    const { held, token, world } = await begin()
    const call = await world.call(held, token, READ)
    const all = await Promise.all(Array.from({ length: 64 }, () => decideCall(world.parts, call)))
    assert.equal(all.filter(({ outcome }) => outcome === 'permit').length, 1)
    assert.equal(all.filter((each) => reasonOf(each) === 'proof.replayed').length, 63)
  })

  test('a refusal consumes a proof that holds', async () => {
    const { held, token, world } = await begin()
    const call = await world.call(held, token, refund('5000.01'))
    assert.equal(reasonOf(await decideCall(world.parts, call)), 'agent.not_permitted')
    assert.equal(reasonOf(await decideCall(world.parts, call)), 'proof.replayed')
  })

  test('every refusal has a row, a record and a reason with a page', async () => {
    const { held, token, world } = await begin()
    const verdicts = [
      await world.decide(held, token, READ, { proof: undefined }),
      await world.decide(held, token, refund('5000.01')),
    ]
    const records = await world.parts.recorded()
    for (const verdict of verdicts) {
      assert.ok(verdict.outcome === 'deny')
      const row = await findDecision(world.parts.storage.read, verdict.decisionId)
      assert.deepEqual([row?.outcome, row?.reason], ['deny', verdict.reason])
      assert.ok(
        records.some(
          (each) => each.decision_id === verdict.decisionId && each.type === 'decision.denied',
        ),
      )
      assert.ok(new Problem(verdict.reason, '').status >= 400)
    }
    const listed = await listDecisions(world.parts.storage.read, { limit: 1000 })
    const ids = new Set(listed.map(({ id }) => id))
    for (const verdict of verdicts)
      assert.ok('decisionId' in verdict && ids.has(verdict.decisionId))
  })
})

forEachEngine('what was stopped', (open) => {
  /**
   * List of all that can be stopped, how it is started again, and what the agent is told meanwhile.
   */
  const stops: Record<
    string,
    (world: World, held: HeldTask) => Promise<[string, (() => Promise<unknown>)?]>
  > = {
    'suspended task': async ({ parts }, { opened }) => {
      const change = { taskId: opened.task.id, by: 'psn_admin', reason: '' }
      await suspendTask(parts, change)
      return ['task.suspended', () => resumeTask(parts, change)]
    },
    'closed task': async ({ parts }, { opened }) => {
      await closeTask(parts, { taskId: opened.task.id, by: 'psn_admin', reason: 'person' })
      return ['task.closed']
    },
    'suspended agent': async ({ parts }) => {
      const change = { agentId: 'refund-bot', by: 'psn_admin', reason: '' }
      await suspendAgent(parts, change)
      return ['agent.suspended', () => resumeAgent(parts, change)]
    },
    'suspended person': async (world) => {
      await suspendPerson(world.parts, { personId: world.sam.id, by: 'psn_admin', reason: '' })
      return ['person.suspended']
    },
    'suspended owner': async (world) => {
      await suspendPerson(world.parts, { personId: world.ada.id, by: 'psn_admin', reason: '' })
      return ['agent.owner_suspended']
    },
    'suspended resource': async ({ parts }) => {
      const rules = { ...parts, revalidate: async () => {} }
      const change = { name: 'orders', by: 'psn_admin', reason: '' }
      await suspendResource(rules, change)
      return ['resource.suspended', () => resumeResource(rules, change)]
    },
    'suspended organization': async ({ parts: { live, storage } }) => {
      const raise = async (state: 'active' | 'suspended') =>
        live.settle(await storage.transaction((tx) => live.raise(tx, [{ ...ORGANIZATION, state }])))
      await raise('suspended')
      return ['organization.suspended', () => raise('active')]
    },
    deadline: async ({ parts }) => {
      parts.clock.advance(3_600_000)
      return ['token.expired']
    },
  }

  for (const [name, stop] of Object.entries(stops)) {
    test(`${name}: the next call is denied, and what was permitted is not sent`, async (t) => {
      const world = await World.over(await open())
      t.after(() => world.end())
      const held = await world.open()
      const token = await world.token(held)
      const before = await world.decide(held, token, READ)
      assert.ok(before.outcome === 'permit')
      const [reason, start] = await stop(world, held)
      assert.equal(stillLive(world.parts, before), false)
      assert.equal(reasonOf(await world.decide(held, token, READ)), reason)
      assert.equal(reasonOf(await world.decide(held, token, refund('900.00'))), reason)
      await assert.rejects(
        world.token(held),
        reason === 'token.expired' ? /token\.expired/ : new RegExp(reason),
      )
      if (!start) return
      await start()
      assert.equal(stillLive(world.parts, before), false)
      assert.equal(reasonOf(await world.decide(held, token, READ)), 'token.stale')
      assert.equal((await world.decide(held, await world.token(held), READ)).outcome, 'permit')
    })
  }

  test('close ∥ 32 calls: after close has returned nothing is sent', async (t) => {
    const world = await World.over(await open())
    t.after(() => world.end())
    const held = await world.open()
    const token = await world.token(held)
    const calls = await Promise.all(Array.from({ length: 32 }, () => world.call(held, token, READ)))
    let closed = false
    const close = closeTask(world.parts, { taskId: held.opened.task.id, by: 'x', reason: 'person' })
    const sent = calls.map(async (call) => {
      const begun = closed
      const verdict = await decideCall(world.parts, call)
      if (verdict.outcome !== 'permit') return false
      const sends = stillLive(world.parts, verdict)
      assert.equal(sends && (begun || closed), false)
      return sends
    })
    await close
    closed = true
    await Promise.all(sent)
    assert.equal(reasonOf(await world.decide(held, token, READ)), 'task.closed')
  })
})

forEachEngine('when the books cannot be written', (open) => {
  test('nothing is permitted, and nothing is used up', async (t) => {
    const world = await World.over(await open())
    t.after(() => world.end())
    const held = await world.open()
    const token = await world.token(held)
    const { parts } = world
    const request = await world.approved(held, token, refund('900.00'))
    const appendStep: typeof parts.ledger.appendStep = () => ({
      name: 'ledger',
      query: parts.storage.read.insertInto('ledger_leaves').values({
        position: 1,
        leaf_hash: null as unknown as Uint8Array, // as: what the column refuses
        record: Buffer.from(''),
      }),
      rows: 1,
    })
    const broken = {
      ...parts,
      ledger: {
        ...{ appendStep, refusals: parts.ledger.refusals, broken: undefined },
        append: () => Promise.reject(new Error('disk full')),
      },
    }
    const call = await world.call(held, token, refund('900.00'))
    await assert.rejects(decideCall(broken, call))
    await assert.rejects(decideCall(broken, await world.call(held, token, READ)))
    await assert.rejects(decideCall(broken, await world.call(held, token, refund('800.00'))))
    assert.equal((await findRequest(parts, request.id))?.usesLeft, 1)
    assert.equal(
      (await decideCall(parts, call)).outcome,
      'permit',
      'the same proof, after the repair',
    )
  })
})
