import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { listForTask } from '../../../approvals/access-requests/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { findDecision } from '../../../tasks/decision-log/decision-store.ts'
import type { Call } from '../../../tasks/facts/call.ts'
import { closeTask, resumeTask, suspendTask } from '../../../tasks/tasks/index.ts'
import { decideCall } from '../decide-call.ts'
import { recordOutcome } from '../outcome.ts'
import { stillLive } from '../still-live.ts'
import { type HeldTask, READ, REFUND_DESK, refund, type World, worldsOver } from '../testing.ts'
import type { Requestable, Verdict } from '../verdict.ts'
import { decideHeld } from './decide-held.ts'

const LARGE = refund('900.00')

function reasonOf(verdict: Verdict): string {
  return 'reason' in verdict ? verdict.reason : verdict.outcome
}

forEachEngine('a call that is held while people are asked', (open) => {
  const worlds = worldsOver(open)

  interface BegunCall {
    readonly world: World
    readonly held: HeldTask
    readonly token: string
    readonly call: Call
    readonly verdict: Requestable
  }

  async function begin(t?: TestContext): Promise<BegunCall> {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    const token = await world.token(held)
    const call = await world.call(held, token, LARGE)
    const verdict = await decideCall(world.parts, call)
    assert.ok(verdict.outcome === 'requestable')
    return { world, held, token, call, verdict }
  }

  test('goes on with the same request once they approved, and is executed once', async () => {
    const { call, held, token, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'approve')
    const permit = await decideHeld(world.parts, call, verdict)
    assert.ok(permit.outcome === 'permit', reasonOf(permit))
    assert.equal(stillLive(world.parts, permit), true)
    assert.notEqual(permit.decisionId, verdict.decisionId)
    const row = await findDecision(world.parts.storage.read, permit.decisionId)
    assert.deepEqual([row?.state, row?.requestId], ['sending', verdict.request.id])
    await recordOutcome(world.parts, permit.decisionId, { state: 'answered', status: 201 })
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'executed')
  })

  test('may be held again as long as nobody has answered', async () => {
    const { call, verdict, world } = await begin()
    const second = await decideHeld(world.parts, call, verdict)
    assert.ok(second.outcome === 'requestable')
    assert.equal(second.request.id, verdict.request.id)
    const third = await decideHeld(world.parts, call, second)
    assert.ok(third.outcome === 'requestable')
    await world.answer(verdict.request.id, world.finn, 'approve')
    assert.equal((await decideHeld(world.parts, call, third)).outcome, 'permit')
  })

  test('goes on once for each answer, whoever races', async () => {
    const { call, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'approve')
    const all = Array.from({ length: 8 }, () => decideHeld(world.parts, call, verdict))
    const done = await Promise.allSettled(all)
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1)
    const failed = done.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    assert.ok(failed.every((error) => error instanceof TypeError))
  })

  test('cannot lend its verdict to another call, nor go on by one that was made up', async () => {
    const { call, held, token, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'approve')
    const other = await world.call(held, token, LARGE)
    await assert.rejects(decideHeld(world.parts, other, verdict), TypeError)
    await assert.rejects(decideHeld(world.parts, { ...call }, verdict), TypeError)
    await assert.rejects(decideHeld(world.parts, call, { ...verdict }), TypeError)
    assert.equal((await decideHeld(world.parts, call, verdict)).outcome, 'permit')
  })

  test('has used up its proof: a copy of the request is a replay, before and after', async () => {
    const { call, verdict, world } = await begin()
    assert.equal(reasonOf(await decideCall(world.parts, call)), 'proof.replayed')
    await world.answer(verdict.request.id, world.finn, 'approve')
    assert.equal((await decideHeld(world.parts, call, verdict)).outcome, 'permit')
    assert.equal(reasonOf(await decideCall(world.parts, call)), 'proof.replayed')
  })

  test('is executed once with copies of it held side by side', async () => {
    const { call, held, token, verdict, world } = await begin()
    const others = await Promise.all(
      Array.from({ length: 15 }, () => world.call(held, token, LARGE)),
    )
    const all: [Call, Requestable][] = [[call, verdict]]
    for (const other of others) {
      const asked = await decideCall(world.parts, other)
      assert.ok(asked.outcome === 'requestable')
      all.push([other, asked])
    }
    await world.answer(verdict.request.id, world.finn, 'approve')
    const verdicts = await Promise.all(all.map((each) => decideHeld(world.parts, ...each)))
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'permit').length, 1)
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'executed').length, 15)
    assert.equal((await listForTask(world.parts, held.opened.task.id)).length, 1)
  })

  test('is denied when a person denied it', async () => {
    const { call, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'deny')
    const denied = await decideHeld(world.parts, call, verdict)
    assert.equal(reasonOf(denied), 'approval.denied')
    assert.ok(denied.outcome === 'deny')
    const row = await findDecision(world.parts.storage.read, denied.decisionId)
    assert.deepEqual([row?.outcome, row?.reason], ['deny', 'approval.denied'])
  })

  test('is refused when its task was closed meanwhile, approved or not', async () => {
    const { call, held, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'approve')
    const taskId = held.opened.task.id
    await closeTask(world.parts, { taskId, by: 'psn_admin', reason: 'person' })
    assert.equal(reasonOf(await decideHeld(world.parts, call, verdict)), 'task.closed')
  })

  test('is refused with a token from before a suspension', async () => {
    const { call, held, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'approve')
    const change = { taskId: held.opened.task.id, by: 'psn_admin', reason: 'person' }
    await suspendTask(world.parts, change)
    await resumeTask(world.parts, change)
    assert.equal(reasonOf(await decideHeld(world.parts, call, verdict)), 'token.stale')
  })

  test('is refused when its token has expired, and the approval waits for a fresh one', async () => {
    const { call, held, verdict, world } = await begin()
    await world.answer(verdict.request.id, world.finn, 'approve')
    world.parts.clock.advance(400_000)
    assert.equal(reasonOf(await decideHeld(world.parts, call, verdict)), 'token.expired')
    assert.equal((await world.decide(held, await world.token(held), LARGE)).outcome, 'permit')
  })

  test('outlasts its proof, which counts for minutes', async () => {
    const { call, verdict, world } = await begin()
    world.parts.clock.advance(200_000)
    await world.answer(verdict.request.id, world.finn, 'approve')
    assert.equal((await decideHeld(world.parts, call, verdict)).outcome, 'permit')
  })

  test('is judged by the policies of now', async (t) => {
    const { call, verdict, world } = await begin(t)
    await world.answer(verdict.request.id, world.finn, 'approve')
    const text = `${REFUND_DESK}\n@id("stop") forbid (principal is Agent, action == Action::"orders.refund", resource);`
    await publishPolicies(world.parts, { text, by: 'operator', note: '' })
    assert.equal(reasonOf(await decideHeld(world.parts, call, verdict)), 'agent.not_permitted')
  })

  test('that nobody has to be asked about any more simply goes on', async (t) => {
    const { call, verdict, world } = await begin(t)
    const text = REFUND_DESK.replace('decimal("100.00")', 'decimal("1000.00")')
    await publishPolicies(world.parts, { text, by: 'operator', note: '' })
    assert.equal((await decideHeld(world.parts, call, verdict)).outcome, 'permit')
  })

  test('is only ever one that was requestable', async () => {
    const { held, token, verdict, world } = await begin()
    const call = await world.call(held, token, READ)
    assert.equal((await decideCall(world.parts, call)).outcome, 'permit')
    await assert.rejects(decideHeld(world.parts, call, verdict), TypeError)
  })
})
