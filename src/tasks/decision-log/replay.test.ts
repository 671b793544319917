import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limited } from '../../calls/calls/judgment/testing.ts'
import {
  ALL_OF_ORDERS,
  READ,
  REFUND_DESK,
  refund,
  type Wish,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { eraseValues } from '../../extensions/retention/erase-values.ts'
import { beginRetention } from '../../extensions/retention/index.ts'
import { issueResourceToken } from '../../grants/issuance/issue-resource-token.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { loadPolicySet, publishPolicies } from '../../policy/policy/index.ts'
import { closeTask } from '../tasks/index.ts'
import { listDecisions } from './decision-store.ts'
import type { StoredGate } from './packed-explanation.ts'
import { readRecorded } from './read-recorded.ts'
import { decideAgain } from './replay-inputs.ts'

/** Decides everything in the books again, by the rules of its time. Answers how many decisions of each kind there were. */
async function replayAll({ parts }: World): Promise<Record<string, number>> {
  const count: Record<string, number> = {}
  for (const { id } of await listDecisions(parts.storage.read, { limit: 1000 })) {
    const found = await readRecorded(parts.storage.read, id)
    assert.ok(found)
    const { decision, made } = found
    const name = made.of === 'facts' ? `${decision.outcome} ${decision.reason}` : made.of
    count[name] = (count[name] ?? 0) + 1
    if (made.of !== 'facts') continue
    const policies = loadPolicySet(await parts.policies.version(decision.policyVersion ?? 0))
    const again = decideAgain(made.facts, decision, policies)
    assert.equal(again.outcome, decision.outcome, canonicalJson(decision.explanation))
    assert.equal(again.reason, decision.reason)
    assert.deepEqual(bare(again.decision.gates), bare(decision.explanation.gates))
  }
  return count
}

/** Drops what the books do not keep of gates. */
function bare(gates: readonly StoredGate[]): unknown {
  return gates.map(({ detail, ...gate }) => ({
    ...gate,
    ...(gate.passed ? {} : { detail }),
    ...(gate.policies ? { policies: [...gate.policies] } : {}),
  }))
}

forEachEngine('a decision is made again from what was recorded', (open) => {
  const worlds = worldsOver(open)

  test('permitted, forbidden, not covered, asked about, approved, executed before, denied by people', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const token = await world.token(held)
    await world.decide(held, token, READ)
    await world.decide(held, token, refund('40.00'))
    await world.decide(held, token, refund('5000.01'))
    await world.approved(held, token, refund('900.00'))
    await world.decide(held, token, refund('900.00'))
    await world.decide(held, token, refund('900.00'))
    const asked = await world.decide(held, token, refund('800.00'))
    assert.ok(asked.outcome === 'requestable')
    await world.answer(asked.request.id, world.finn, 'deny')
    await world.decide(held, token, refund('800.00'))
    // Stopped before any rule is asked: its task is closed.
    const gone = await world.open()
    const late = await world.token(gone)
    const { id: taskId } = gone.opened.task
    await closeTask(world.parts, { taskId, by: 'psn_admin', reason: 'person' })
    await world.decide(gone, late, READ)
    const bounds = [{ path: '/order_id', op: 'eq' as const, value: '7' }]
    const details = [{ ...ALL_OF_ORDERS, actions: ['orders.refund'], bounds }]
    const narrow = await world.open({ details })
    await world.decide(narrow, await world.token(narrow), refund('40.00'))
    await world.decide(narrow, await world.token(narrow), refund('40.00', '7'))
    const issued = await issueResourceToken(
      world.parts,
      world.exchange(held, { details: [{ ...ALL_OF_ORDERS, actions: ['orders.list'] }] }),
    )
    assert.ok(issued.outcome === 'issued')
    await world.decide(held, issued.token.token, READ)
    const poor = await limited(world, [{ name: 'calls', kind: 'calls', most: '0' }])
    await world.decide(poor, await world.token(poor), READ)
    // Other rules by now, which everything so far was not decided by.
    const by = 'operator'
    await publishPolicies(world.parts, { text: '', by, note: '' })
    await world.decide(held, token, READ)
    assert.deepEqual(await replayAll(world), {
      'permit permitted': 3,
      'deny agent.not_permitted': 1,
      'deny person.not_permitted': 1,
      'requestable approval.required': 2,
      'permit approval.used': 1,
      'deny approval.used': 1,
      'deny approval.denied': 1,
      'deny task.not_covered': 1,
      'deny token.not_covered': 1,
      'deny budget.exhausted': 1,
      stopped: 1,
    })
    await publishPolicies(world.parts, { text: REFUND_DESK, by, note: '' })
  })

  test('what people had said is said again where it would be asked about, and nothing else is', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    const held = await world.open()
    const token = await world.token(held)
    const factsOf = async (id: string) => {
      const found = await readRecorded(parts.storage.read, id)
      assert.ok(found?.made.of === 'facts')
      return found.made.facts
    }
    const policies = await parts.policies.active()
    const asked = await factsOf((await world.decide(held, token, refund('800.00'))).decisionId)
    for (const [outcome, reason, again] of [
      ['deny', 'approval.denied', 'deny approval.denied'],
      ['deny', 'task.closed', 'deny task.closed'],
      ['deny', 'agent.not_permitted', 'requestable approval.required'],
      ['permit', 'approval.used', 'requestable approval.required'],
      ['requestable', 'approval.required', 'requestable approval.required'],
    ] as const) {
      const made = decideAgain(asked, { outcome, reason }, policies)
      assert.equal(`${made.outcome} ${made.reason}`, again)
    }
    await world.approved(held, token, refund('900.00'))
    const used = await factsOf((await world.decide(held, token, refund('900.00'))).decisionId)
    const row = { outcome: 'permit', reason: '' } as const
    assert.equal(decideAgain(used, row, policies).reason, 'approval.used')
    const byAllowance = { ...used, liftedBy: 'alw_1' }
    assert.equal(decideAgain(byAllowance, row, policies).reason, 'allowance.used')
  })

  test('whatever is asked, in whatever order', { timeout: 60_000 }, async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const token = await world.token(held)
    const amount = fc.integer({ min: 1, max: 600_000 }).map((n) => (n / 100).toFixed(2))
    const wish: fc.Arbitrary<Wish> = fc.oneof(
      fc.constant(READ),
      fc.tuple(amount, fc.constantFrom('1042', '7', '00')).map(([much, id]) => refund(much, id)),
    )
    const answer = fc.constantFrom('approve' as const, 'deny' as const, 'nothing' as const)
    await fc.assert(
      fc.asyncProperty(wish, answer, async (asked, said) => {
        const verdict = await world.decide(held, token, asked)
        if (verdict.outcome !== 'requestable' || said === 'nothing') return
        await world.answer(verdict.request.id, world.finn, said)
        await world.decide(held, token, asked)
      }),
      { numRuns: 40 },
    )
    const count = await replayAll(world)
    assert.ok(Object.keys(count).length >= 4, canonicalJson(count))
  })

  test('what calls have in common is stored once, and is small beside them', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const token = await world.token(held)
    await Promise.all([1, 2, 3, 4, 5].map(() => world.decide(held, token, READ)))
    for (let i = 0; i < 5; i++) await world.decide(held, token, refund('40.00'))
    const { read } = world.parts.storage
    const settings = await read.selectFrom('decision_settings').selectAll().execute()
    assert.equal(settings.length, 1)
    const rows = await read.selectFrom('decisions').select(['inputs', 'setting']).execute()
    assert.equal(rows.length, 10)
    for (const { inputs, setting } of rows) {
      assert.equal(setting, settings[0]?.digest)
      assert.ok((inputs ?? '').length < 320, inputs ?? 'none')
    }
  })

  test('a person who changed is another setting', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    await world.decide(held, await world.token(held), READ)
    await world.signIn('sam', 'finance')
    await world.decide(held, await world.token(held), READ)
    const { 'permit permitted': before, 'deny person.not_permitted': after } =
      await replayAll(world)
    assert.deepEqual([before, after], [1, 1])
  })

  test('erasing what the ledger keeps beside a record erases what it was decided from', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    await parts.storage.transaction(beginRetention)
    const held = await world.open()
    const token = await world.token(held)
    const kept = await world.decide(held, token, refund('41.00'))
    const erased = await world.decide(held, token, refund('42.00'))
    const records = await parts.recorded()
    const position = records.findIndex((record) => record.decision_id === erased.decisionId)
    const count = await eraseValues(parts, {
      positions: [position],
      by: world.ada.id,
      reason: 'erasure.requested',
    })
    assert.equal(count, 1)
    const { read } = parts.storage
    assert.equal((await readRecorded(read, erased.decisionId))?.made.of, 'erased')
    assert.equal((await readRecorded(read, kept.decisionId))?.made.of, 'facts')
    const texts = await read.selectFrom('decisions').select(['inputs', 'explanation']).execute()
    assert.ok(!canonicalJson(texts.map((row) => ({ ...row }))).includes('42.00'))
  })
})
