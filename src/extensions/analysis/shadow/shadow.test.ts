import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallFacts, PolicySet } from '@remit/engine'
import { READ, REFUND_DESK, refund, type World, worldsOver } from '../../../calls/calls/testing.ts'
import type { AnsweredDecision } from '../../../calls/calls/watcher.ts'
import { Live } from '../../../platform/revocation/index.ts'
import { forEachEngine, timedBy } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { startShadow, stopShadow } from './change-shadow.ts'
import { Shadow, type ShadowOptions } from './shadow.ts'
import { latestDraft, readSeen } from './shadow-store.ts'

const NO_READING = `${REFUND_DESK}
@id("no-reading") forbid (principal, action == Action::"orders.read", resource);`

function shadowOf({ parts }: World, change: Partial<ShadowOptions> = {}): Shadow {
  return new Shadow({
    storage: parts.storage,
    live: parts.live,
    policies: parts.policies,
    onOvertaken: async ({ number }) => {
      await stopShadow(parts, { by: 'system', number, why: 'published' })
    },
    onError: (error) => {
      throw error
    },
    ...change,
  })
}

forEachEngine('shadow', (open) => {
  const worlds = worldsOver(open)

  test('sees what was answered, records what differs, and changes nothing', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const shadow = shadowOf(world)
    Object.assign(world.parts, { shadow })
    await shadow.start()
    const held = await world.open()
    const token = await world.token(held)
    await world.decide(held, token, READ)
    const { by, note } = { by: world.ada.id, note: '' }
    const draft = await startShadow(world.parts, { text: NO_READING, by, note })
    await shadow.settled()
    const read = await world.decide(held, token, READ)
    assert.equal(read.outcome, 'permit', 'it forbids only in its own mind')
    await world.decide(held, token, refund('40.00'))
    assert.equal((await world.decide(held, token, refund('900.00'))).outcome, 'requestable')
    assert.equal((await world.decide(held, 'no token', READ)).outcome, 'deny')
    await shadow.settled()
    await shadow.flush()
    await shadow.flush()
    const { storage } = world.parts
    const { groups, ...counts } = await readSeen(storage.read, draft.number)
    assert.deepEqual(counts, { seen: 3, dropped: 0, ungrouped: 0 })
    assert.deepEqual(groups, [
      {
        kind: 'denied',
        agent: 'refund-bot',
        action: 'orders.read',
        rules: ['no-reading'],
        because: 'forbids',
        count: 1,
        samples: [read.decisionId],
      },
    ])
    assert.equal((await world.parts.policies.active()).version, 1, 'a draft is no version')
    assert.equal(await stopShadow(world.parts, { by }), true)
    assert.equal(await stopShadow(world.parts, { by }), false)
    await shadow.settled()
    await world.decide(held, token, READ)
    await shadow.settled()
    await shadow.flush()
    assert.equal((await readSeen(storage.read, draft.number)).seen, 3)
    const types = (await world.parts.recorded()).map(({ type }) => type)
    assert.ok(types.includes('policy.shadow_started') && types.includes('policy.shadow_ended'))
    await shadow.stop()
  })

  test('starting and stopping reaches other replicas, and each counts for itself', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const { clock, random, storage } = world.parts
    const there = new Live({ storage: timedBy(storage, clock), clock, random })
    await there.start()
    t.after(() => there.stop().catch(() => {}))
    const [here, other] = [shadowOf(world), shadowOf(world, { live: there })]
    await Promise.all([here.start(), other.start()])
    const started = startShadow(world.parts, { text: NO_READING, by: world.ada.id, note: '' })
    const renewing = renewUntil(there, started)
    const draft = await started
    await renewing
    await Promise.all([here.settled(), other.settled()])
    const answered = sample(draft.baseVersion)
    for (const each of [here, other, other]) each.offer(answered)
    await here.stop()
    await other.settled()
    await other.stop()
    assert.equal((await readSeen(storage.read, draft.number)).seen, 2)
  })

  test('ends when other policies are published, and says why', { timeout: 60_000 }, async (t) => {
    const world = await worlds.own(t)
    const shadow = shadowOf(world)
    await shadow.start()
    const by = world.ada.id
    const draft = await startShadow(world.parts, { text: NO_READING, by, note: '' })
    await shadow.settled()
    await publishPolicies(world.parts, { text: REFUND_DESK, by, note: '' })
    await shadow.settled()
    const after = await latestDraft(world.parts.storage.read)
    assert.deepEqual([after?.number, after?.endedWhy], [draft.number, 'published'])
    shadow.offer(sample(draft.baseVersion))
    await shadow.settled()
    await shadow.flush()
    assert.equal((await readSeen(world.parts.storage.read, draft.number)).seen, 0)
    const next = await startShadow(world.parts, { text: NO_READING, by, note: '' })
    assert.deepEqual([next.number, next.baseVersion], [2, 2])
    await shadow.stop()
  })

  test('a queue that is full drops and counts, and a failure is nobody else’s', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const told: unknown[] = []
    const shadow = shadowOf(world, {
      most: 3,
      onError: (error) => void told.push(error),
    })
    await shadow.start()
    const draft = await startShadow(world.parts, { text: NO_READING, by: world.ada.id, note: '' })
    await shadow.settled()
    const broken = { ...sample(draft.baseVersion), facts: null as unknown as CallFacts } // as: what no caller can give
    for (const each of [broken, sample(1), sample(1), sample(1), sample(1)]) shadow.offer(each)
    await shadow.settled()
    await shadow.flush()
    const { dropped, seen } = await readSeen(world.parts.storage.read, draft.number)
    assert.deepEqual([seen, dropped], [2, 3])
    assert.equal(told.length, 1)
    await shadow.stop()
  })

  test('a draft that cannot be made ready runs nowhere, and calls go on', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const told: unknown[] = []
    const shadow = shadowOf(world, {
      policies: {
        active: () => world.parts.policies.active(),
        draft: (): Promise<PolicySet> => Promise.reject(new Error('no memory')),
      },
      onError: (error) => void told.push(error),
    })
    await shadow.start()
    await startShadow(world.parts, { text: NO_READING, by: world.ada.id, note: '' })
    await shadow.settled()
    shadow.offer(sample(1))
    await shadow.settled()
    assert.equal(told.length, 1)
    await shadow.stop()
  })
})

/** Renews as a process of its own would, so that a change can be acknowledged. */
async function renewUntil(live: Live, done: Promise<unknown>): Promise<void> {
  let over = false
  void done.then(() => {
    over = true
  })
  while (!over) await live.renew()
}

function sample(policyVersion: number): AnsweredDecision {
  const facts: CallFacts = {
    credential: { gate: 'credential', passed: true, detail: '' },
    liveness: { gate: 'liveness', passed: true, detail: '' },
    details: [],
    call: {
      location: 'http://127.0.0.1:7481/orders',
      resource: 'orders',
      action: 'orders.read',
      risk: 'low',
      arguments: new Map(),
    },
    kindOf: () => undefined,
    person: { uid: { type: 'Person', id: 'psn_sam' }, attributes: {}, parents: [] },
    sponsored: false,
    intersectWith: [],
    agents: [],
    entities: [],
    context: {},
    external: [],
    lifted: [],
    budgets: [],
    obligations: [],
    doable: [],
  }
  const row = {
    agentId: 'refund-bot',
    action: 'orders.read',
    outcome: 'deny',
    reason: 'task.not_covered',
    policyVersion,
  }
  return { row: { ...row, id: 'dec_1', outcome: 'deny' }, facts }
}
