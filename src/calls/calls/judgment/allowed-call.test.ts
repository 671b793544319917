import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { exactly } from '../../../approvals/approvals/allowance/pattern.ts'
import {
  answerRequest,
  type Choice,
  endAllowance,
  listAllowances,
  shownDigest,
} from '../../../approvals/approvals/index.ts'
import { planOrders } from '../../../catalog/catalog/testing.ts'
import {
  acceptOffers,
  applyImport,
  listOffers,
  setRisk,
} from '../../../catalog/catalog-changes/index.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { REFUND_DESK } from '../../../policy/policy/testing.ts'
import { findDecision } from '../../../tasks/decision-log/decision-store.ts'
import { explain } from '../../../tasks/explanations/explain.ts'
import { closeTask } from '../../../tasks/tasks/index.ts'
import { decideCall } from '../decide-call.ts'
import { decideHeld } from '../held-calls/decide-held.ts'
import { recordOutcome } from '../outcome.ts'
import { stillLive } from '../still-live.ts'
import { type HeldTask, refund, type World, worldsOver } from '../testing.ts'
import type { Verdict } from '../verdict.ts'
import { limited } from './testing.ts'

const LARGE = refund('900.00')
const UP_TO_1000: Change = { at_most: '1000.00' }

/** Difference of a choice from *five times exactly this, in this task*. */
type Change = Partial<Omit<Choice, 'pattern'>> & { readonly at_most?: string }

forEachEngine('a call that an allowance means', (open) => {
  const worlds = worldsOver(open)

  async function begin(t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  /** Asks for the refund, and lets Finn give an allowance. */
  async function allowed(
    world: World,
    held: HeldTask,
    token: string,
    change: Change = {},
    wish = LARGE,
  ) {
    const verdict = await world.decide(held, token, wish)
    assert.ok(verdict.outcome === 'requestable', JSON.stringify(verdict))
    const request = await findRequest(world.parts, verdict.request.id)
    assert.ok(request)
    const { at_most: most, ...over } = change
    const chosen: Choice = {
      tie: 'task',
      uses: 5,
      lifeSeconds: null,
      ...over,
      pattern: exactly(request.inspected ?? []).map((part) =>
        most !== undefined && part.path === '/amount'
          ? { path: part.path, kind: part.kind, how: 'at_most', text: most }
          : part,
      ),
    }
    await answerRequest(world.parts, {
      requestId: request.id,
      person: world.finn,
      answer: 'approve',
      allowance: chosen,
      shown: shownDigest(request, chosen),
      authTime: 0,
    })
    const listed = await listAllowances(world.parts, world.finn)
    const allowance = listed.find(({ allowance: each }) => each.requestId === request.id)?.allowance
    assert.ok(allowance)
    return allowance
  }

  test('goes through as often as was said, this very call too, and then asks anew', async () => {
    const { held, token, world } = await begin()
    await allowed(world, held, token)
    for (let i = 0; i < 5; i++)
      assert.equal((await world.decide(held, token, LARGE)).outcome, 'permit', `time ${i + 1}`)
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'requestable')
  })

  test('64 at once: exactly 5, and one question', async () => {
    const { held, token, world } = await begin()
    await allowed(world, held, token)
    const calls = await Promise.all(
      Array.from({ length: 64 }, () => world.call(held, token, LARGE)),
    )
    const verdicts = await Promise.all(calls.map((call) => decideCall(world.parts, call)))
    const outcomes = Map.groupBy(verdicts, ({ outcome }) => outcome)
    assert.deepEqual([outcomes.get('permit')?.length, outcomes.get('requestable')?.length], [5, 59])
  })

  test('says by what it was lifted, in the gates, the books and the explanation', async () => {
    const { held, token, world } = await begin()
    const allowance = await allowed(world, held, token)
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'permit')
    const { decisionId } = verdict
    const row = await findDecision(world.parts.storage.read, decisionId)
    assert.deepEqual(
      [row?.allowanceId, row?.requestId, row?.reason],
      [allowance.id, null, 'allowance.used'],
    )
    const explained = await explain(world.parts, decisionId, 'operator')
    assert.equal(explained.allowanceId, allowance.id)
    const gate = explained.gates.find((each) => each.gate === 'approval')
    assert.equal(gate?.detail, `lifted by allowance ${allowance.id}`)
    const records = (await world.parts.recorded()).filter(
      ({ decision_id: id }) => id === decisionId,
    )
    assert.deepEqual(records.map(({ type }) => type).toSorted(), [
      'allowance.used',
      'decision.intent',
    ])
  })

  test('with an argument outside the pattern asks anew', async () => {
    const { held, token, world } = await begin()
    await allowed(world, held, token, UP_TO_1000)
    for (const wish of [refund('1000.00'), refund('100.01')])
      assert.equal((await world.decide(held, token, wish)).outcome, 'permit')
    for (const wish of [
      refund('1000.01'),
      refund('500.00', '1043'),
      { ...LARGE, body: '{"amount":500.00,"note":"more"}' },
    ])
      assert.equal((await world.decide(held, token, wish)).outcome, 'requestable', wish.body)
  })

  test('of another task asks anew, unless it was given for agent and person', async () => {
    const { held, token, world } = await begin()
    await allowed(world, held, token)
    const other = await world.open()
    const otherToken = await world.token(other)
    assert.equal((await world.decide(other, otherToken, LARGE)).outcome, 'requestable')
    const everywhere = { tie: 'agent', lifeSeconds: 3600 } as const
    await allowed(world, other, otherToken, everywhere, refund('901.00'))
    const third = await world.open()
    const permitted = await world.decide(third, await world.token(third), refund('901.00'))
    assert.equal(permitted.outcome, 'permit')
    const child = await limited(world, [], third)
    const below = await world.decide(child, await world.token(child), refund('901.00'))
    assert.equal(below.outcome, 'requestable', 'another line of agents stands behind it')
  })

  test('lifts only the forbids it was given for, in the wording that was shown', async (t) => {
    const { held, token, world } = await begin(t)
    await allowed(world, held, token, { ...UP_TO_1000, uses: null })
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'permit')
    const publish = (text: string) =>
      publishPolicies(world.parts, { text, by: 'operator', note: '' })
    const stricter = REFUND_DESK.replace('decimal("100.00")', 'decimal("90.00")')
    await publish(stricter)
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'requestable')
    const more = `${REFUND_DESK}\n@id("legal-too") @requestable("") @approvers("group:finance")\nforbid (principal is Person, action == Action::"orders.refund", resource);`
    await publish(more)
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'requestable')
    await publish(
      `${REFUND_DESK}\n@id("stop") forbid (principal is Agent, action == Action::"orders.refund", resource);`,
    )
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'deny')
    await publish(REFUND_DESK)
    assert.equal((await world.decide(held, token, refund('901.00'))).outcome, 'permit')
  })

  test('asks anew when the giver may no longer give it, and is not sent when he is suspended', async (t) => {
    const { held, token, world } = await begin(t)
    await allowed(world, held, token)
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'permit')
    await world.signIn('finn')
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'requestable')
    await suspendPerson(world.parts, { personId: world.finn.id, by: 'psn_admin', reason: '' })
    assert.equal(stillLive(world.parts, verdict), false)
  })

  test('asks anew when the action has become critical', async (t) => {
    const { held, token, world } = await begin(t)
    await allowed(world, held, token, { tie: 'agent', lifeSeconds: 3600 })
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'permit')
    const revalidate = world.parts.policies.revalidate.bind(world.parts.policies)
    await setRisk(
      { ...world.parts, revalidate },
      { action: 'orders.refund', risk: 'critical', by: 'operator' },
    )
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'requestable')
  })

  test('asks anew once it was ended, and while it is', async () => {
    const { held, token, world } = await begin()
    const { id: allowanceId } = await allowed(world, held, token, { ...UP_TO_1000, uses: null })
    const calls = await Promise.all(
      Array.from({ length: 16 }, () => world.call(held, token, LARGE)),
    )
    const during = Promise.all(calls.map((call) => decideCall(world.parts, call)))
    await endAllowance(world.parts, { allowanceId, person: world.sam })
    const late = await world.decide(held, token, refund('950.00'))
    assert.equal(late.outcome, 'requestable')
    for (const { outcome } of await during) assert.ok(['permit', 'requestable'].includes(outcome))
  })

  test('is still denied after a person denied this very call', async () => {
    const { held, token, world } = await begin()
    const asked = await world.decide(held, token, refund('903.00'))
    assert.ok(asked.outcome === 'requestable')
    await allowed(world, held, token, UP_TO_1000)
    await world.answer(asked.request.id, world.fay, 'deny')
    const verdict = await world.decide(held, token, refund('903.00'))
    assert.ok(verdict.outcome === 'deny')
    assert.equal(verdict.reason, 'approval.denied')
  })

  test('uses an approval of its own first', async () => {
    const { held, token, world } = await begin()
    const request = await world.approved(held, token, refund('903.00'))
    const allowance = await allowed(world, held, token, UP_TO_1000)
    const first = await world.decide(held, token, refund('903.00'))
    const second = await world.decide(held, token, refund('903.00'))
    const by = async (verdict: Verdict) => {
      assert.ok(verdict.outcome === 'permit')
      const row = await findDecision(world.parts.storage.read, verdict.decisionId)
      return row?.requestId ?? row?.allowanceId
    }
    assert.deepEqual([await by(first), await by(second)], [request.id, allowance.id])
  })

  test('that was provably not sent counts for nothing, once', async () => {
    const { held, token, world } = await begin()
    await allowed(world, held, token, { uses: 2 })
    const first = await world.decide(held, token, LARGE)
    assert.ok(first.outcome === 'permit')
    const unsent = { state: 'not_sent', reason: 'upstream.unreachable' } as const
    const done = await Promise.all(
      Array.from({ length: 4 }, () => recordOutcome(world.parts, first.decisionId, unsent)),
    )
    assert.equal(done.filter(Boolean).length, 1)
    for (const outcome of ['permit', 'permit', 'requestable'] as const) {
      const verdict = await world.decide(held, token, LARGE)
      assert.equal(verdict.outcome, outcome)
      if (verdict.outcome === 'permit')
        await recordOutcome(world.parts, verdict.decisionId, { state: 'failed' })
    }
  })

  test('uses nothing when its proof was used before', async () => {
    const { held, token, world } = await begin()
    const { id } = await allowed(world, held, token, { uses: 3 })
    const call = await world.call(held, token, LARGE)
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, () => decideCall(world.parts, call)),
    )
    const reasons = verdicts.map((verdict) => ('reason' in verdict ? verdict.reason : 'permit'))
    assert.equal(reasons.filter((reason) => reason === 'permit').length, 1)
    assert.equal(reasons.filter((reason) => reason === 'proof.replayed').length, 7)
    const listed = await listAllowances(world.parts, world.finn)
    const after = listed.find(({ allowance }) => allowance.id === id)
    assert.equal(after?.allowance.usesLeft, 2)
  })

  test('goes on when it was held while it was answered', async () => {
    const { held, token, world } = await begin()
    const call = await world.call(held, token, LARGE)
    const waiting = await decideCall(world.parts, call)
    assert.ok(waiting.outcome === 'requestable')
    await allowed(world, held, token)
    const verdict = await decideHeld(world.parts, call, waiting)
    assert.equal(verdict.outcome, 'permit')
    await assert.rejects(decideHeld(world.parts, call, waiting), TypeError)
  })

  test('takes budget too, or neither', async () => {
    const world = await worlds.shared()
    const held = await limited(world, [
      {
        name: 'orders.refund/amount',
        kind: 'sum',
        action: 'orders.refund',
        path: '/amount',
        most: '2000.00',
      },
    ])
    const token = await world.token(held)
    const { id } = await allowed(world, held, token, { uses: 50 })
    const calls = await Promise.all(
      Array.from({ length: 32 }, () => world.call(held, token, LARGE)),
    )
    const verdicts = await Promise.all(calls.map((call) => decideCall(world.parts, call)))
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'permit').length, 2)
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'deny').length, 30)
    const listed = await listAllowances(world.parts, world.finn)
    assert.equal(listed.find(({ allowance }) => allowance.id === id)?.allowance.usesLeft, 48)
  })

  test('ends with its task', async () => {
    const { held, token, world } = await begin()
    const { id } = await allowed(world, held, token)
    await closeTask(world.parts, { taskId: held.opened.task.id, by: 'psn_admin', reason: 'person' })
    const listed = await listAllowances(world.parts, world.finn)
    assert.ok(!listed.some(({ allowance }) => allowance.id === id))
  })

  test('does not outlive the definition that it was given under', async (t) => {
    const { held, token, world } = await begin(t)
    await allowed(world, held, token, UP_TO_1000)
    assert.equal((await world.decide(held, token, refund('800.00'))).outcome, 'permit')
    const { parts } = world
    const rules = { ...parts, revalidate: parts.policies.revalidate.bind(parts.policies) }
    const by = 'psn_admin'
    await applyImport(
      rules,
      planOrders((text) => text.replace('maxLength: 200', 'maxLength: 100')),
      by,
    )
    const offers = await listOffers(parts.storage.read, 'orders')
    await acceptOffers(rules, { resource: 'orders', offers, by })
    assert.equal((await world.decide(held, token, refund('800.00'))).outcome, 'requestable')
  })
})
