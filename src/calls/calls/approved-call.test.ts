import assert from 'node:assert/strict'
import { afterEach, type TestContext, test } from 'node:test'
import { findRequest, listForTask } from '../../approvals/access-requests/index.ts'
import { suspendPerson } from '../../identity/sessions/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { findDecision } from '../../tasks/decision-log/decision-store.ts'
import { closeTask } from '../../tasks/tasks/index.ts'
import { decideCall } from './decide-call.ts'
import { askAgain } from './held-calls/ask-again.ts'
import { recordOutcome } from './outcome.ts'
import { stillLive } from './still-live.ts'
import { type HeldTask, REFUND_DESK, refund, type Wish, type World, worldsOver } from './testing.ts'
import type { Verdict } from './verdict.ts'

const LARGE = refund('900.00')

function reasonOf(verdict: Verdict): string {
  return 'reason' in verdict ? verdict.reason : verdict.outcome
}

forEachEngine('a call that people approve', (open) => {
  const worlds = worldsOver(open)
  const begun: { readonly world: World; readonly held: HeldTask }[] = []

  // What waits of one test takes no place of the next.
  afterEach(async () => {
    for (const { held, world } of begun.splice(0))
      await closeTask(world.parts, { taskId: held.opened.task.id, by: 'test', reason: 'person' })
  })

  /** Begins with a held task; give the test when it changes more than its own task. */
  async function begin(t?: TestContext): Promise<{ world: World; held: HeldTask; token: string }> {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    if (!t) begun.push({ held, world })
    return { world, held, token: await world.token(held) }
  }

  test('goes through once; then it is told what became of it, until people are asked anew', async () => {
    const { held, token, world } = await begin()
    const { parts } = world
    const request = await world.approved(held, token, LARGE)
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'permit')
    const underway = await world.decide(held, token, LARGE)
    assert.ok(underway.outcome === 'executed')
    assert.deepEqual([underway.decisionId, underway.state], [verdict.decisionId, 'sending'])
    await recordOutcome(parts, verdict.decisionId, { state: 'answered', status: 201 })
    const again = await world.decide(held, token, LARGE)
    assert.ok(again.outcome === 'executed')
    assert.deepEqual(
      [again.decisionId, again.state, again.status, again.requestId],
      [verdict.decisionId, 'answered', 201, request.id],
    )
    assert.equal(again.requestUrl, `${parts.issuer}/v1/tasks/${held.opened.task.id}/requests`)
    const anew = await askAgain(parts, held.opened.task, request.id)
    assert.equal(anew.state, 'pending')
    const asked = await world.decide(held, token, LARGE)
    assert.ok(asked.outcome === 'requestable')
    assert.equal(asked.request.id, anew.id)
    await world.answer(anew.id, world.fay, 'approve')
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'permit')
    assert.equal((await world.decide(held, token, LARGE)).outcome, 'executed')
  })

  test('with 64 copies at once: exactly one', async () => {
    const { held, token, world } = await begin()
    await world.approved(held, token, LARGE)
    const calls = await Promise.all(
      Array.from({ length: 64 }, () => world.call(held, token, LARGE)),
    )
    const verdicts = await Promise.all(calls.map((call) => decideCall(world.parts, call)))
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'permit').length, 1)
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'executed').length, 63)
    const used = (await world.parts.recorded()).filter(
      ({ task, type }) => type === 'approval.used' && task === held.opened.task.id,
    )
    assert.equal(used.length, 1)
  })

  test('and nothing else: any changed leaf needs an approval of its own', async () => {
    const { held, token, world } = await begin()
    const headers = [['idempotency-key', 'k1']] as const
    const query = [] as const
    const wish: Wish = { ...LARGE, headers, query }
    const request = await world.approved(held, token, wish)
    const other: Wish[] = [
      { ...wish, body: '{"amount":900.01}' },
      { ...wish, body: '{"amount":900.0}' },
      { ...wish, body: '{"amount":900.00,"note":"x"}' },
      { ...refund('900.00', '1043'), headers },
      { ...wish, headers: [['idempotency-key', 'k2']] },
      { ...wish, headers: [] },
      { ...wish, headers: [...headers, ['accept', 'text/html']] },
    ]
    for (const changed of other) {
      const verdict = await world.decide(held, token, changed)
      assert.ok(verdict.outcome === 'requestable', JSON.stringify(changed))
      assert.notEqual(verdict.request.id, request.id)
    }
    const call = await world.call(held, token, wish)
    const sent = { ...call.sent, path: '/orders/1042/refunds/' }
    const proof = (await world.call(held, token, wish)).proof
    assert.equal((await decideCall(world.parts, { ...call, sent, proof })).outcome, 'requestable')
    assert.equal((await findRequest(world.parts, request.id))?.usesLeft, 1)
    assert.equal((await decideCall(world.parts, call)).outcome, 'permit')
  })

  test('belongs to its task: another task of the same agent and person cannot use it', async () => {
    const { held, token, world } = await begin()
    const request = await world.approved(held, token, LARGE)
    const other = await world.open()
    const verdict = await world.decide(other, await world.token(other), LARGE)
    assert.ok(verdict.outcome === 'requestable')
    assert.notEqual(verdict.request.id, request.id)
  })

  test('the same call attaches to the request that waits', async () => {
    const { held, token, world } = await begin()
    const calls = await Promise.all(Array.from({ length: 8 }, () => world.call(held, token, LARGE)))
    const verdicts = await Promise.all(calls.map((call) => decideCall(world.parts, call)))
    const ids = verdicts.map((verdict) => verdict.outcome === 'requestable' && verdict.request.id)
    assert.equal(new Set(ids).size, 1)
    assert.equal((await listForTask(world.parts, held.opened.task.id)).length, 1)
  })

  test('an agent that asks for too much is denied without asking anyone', async () => {
    const { held, token, world } = await begin()
    for (let i = 0; i < 10; i++) await world.decide(held, token, refund(`90${i}.00`))
    const verdict = await world.decide(held, token, refund('999.00'))
    assert.equal(reasonOf(verdict), 'approval.too_many_pending')
    assert.ok('decisionId' in verdict)
    const row = await findDecision(world.parts.storage.read, verdict.decisionId)
    assert.deepEqual([row?.outcome, row?.reason], ['deny', 'approval.too_many_pending'])
    assert.equal((await listForTask(world.parts, held.opened.task.id)).length, 10)
  })

  test('denied by a person stays denied for a while, with the reason', async () => {
    const { held, token, world } = await begin()
    const asked = await world.decide(held, token, LARGE)
    assert.ok(asked.outcome === 'requestable')
    await world.answer(asked.request.id, world.finn, 'deny')
    assert.equal(reasonOf(await world.decide(held, token, LARGE)), 'approval.denied')
    await assert.rejects(askAgain(world.parts, held.opened.task, asked.request.id), {
      code: 'approval.denied',
    })
    world.parts.clock.advance(10 * 60_000)
    const later = await world.decide(held, await world.token(held), LARGE)
    assert.equal(later.outcome, 'requestable')
  })

  test('approved too long ago is asked about again', async () => {
    const { held, token, world } = await begin()
    const long = await world.open({ lifeSeconds: 7200 })
    const request = await world.approved(long, await world.token(long), LARGE)
    world.parts.clock.advance(3_600_000)
    const verdict = await world.decide(long, await world.token(long), LARGE)
    assert.ok(verdict.outcome === 'requestable')
    assert.notEqual(verdict.request.id, request.id)
    assert.ok(held && token)
  })

  test('is nothing when the approver may no longer approve', async (t) => {
    const { held, token, world } = await begin(t)
    const request = await world.approved(held, token, LARGE)
    await world.signIn('finn')
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'requestable')
    assert.notEqual(verdict.request.id, request.id)
    await world.signIn('finn', 'finance')
    const again = await world.decide(held, token, LARGE)
    assert.ok(again.outcome === 'requestable', 'what was void does not come back')
    assert.equal(again.request.id, verdict.request.id)
  })

  test('is not sent when the approver was suspended in the last moment', async (t) => {
    const { held, token, world } = await begin(t)
    await world.approved(held, token, LARGE)
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'permit')
    await suspendPerson(world.parts, { personId: world.finn.id, by: 'psn_admin', reason: '' })
    assert.equal(stillLive(world.parts, verdict), false)
  })

  test('lifts only the forbids that were answered, in the wording that was shown', async (t) => {
    const { held, token, world } = await begin(t)
    const request = await world.approved(held, token, LARGE)
    const stricter = REFUND_DESK.replace('decimal("100.00")', 'decimal("90.00")')
    await publishPolicies(world.parts, { text: stricter, by: 'operator', note: '' })
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'requestable')
    assert.notEqual(verdict.request.id, request.id)
    const more = `${stricter}\n@id("legal-too") @requestable("") @approvers("group:administrators")\nforbid (principal is Person, action == Action::"orders.refund", resource);`
    await world.answer(verdict.request.id, world.finn, 'approve')
    await publishPolicies(world.parts, { text: more, by: 'operator', note: '' })
    const both = await world.decide(held, token, LARGE)
    assert.ok(both.outcome === 'requestable')
    assert.notEqual(both.request.id, verdict.request.id)
    await world.answer(both.request.id, world.finn, 'approve')
    assert.equal((await findRequest(world.parts, both.request.id))?.state, 'pending')
  })

  test('cannot be approved past a policy that nobody can lift', async (t) => {
    const { held, token, world } = await begin(t)
    await world.approved(held, token, LARGE)
    const text = `${REFUND_DESK}\n@id("stop") forbid (principal is Agent, action == Action::"orders.refund", resource);`
    await publishPolicies(world.parts, { text, by: 'operator', note: '' })
    assert.equal(reasonOf(await world.decide(held, token, LARGE)), 'agent.not_permitted')
  })

  test('that provably was not sent can be sent again', async () => {
    const { held, token, world } = await begin()
    const { parts } = world
    const request = await world.approved(held, token, LARGE)
    const first = await world.decide(held, token, LARGE)
    assert.ok(first.outcome === 'permit')
    await recordOutcome(parts, first.decisionId, {
      state: 'not_sent',
      reason: 'upstream.unreachable',
    })
    assert.equal((await findRequest(parts, request.id))?.usesLeft, 1)
    const second = await world.decide(held, token, LARGE)
    assert.ok(second.outcome === 'permit')
    await recordOutcome(parts, second.decisionId, { state: 'failed', reason: 'upstream.cut' })
    const third = await world.decide(held, token, LARGE)
    assert.ok(third.outcome === 'executed')
    assert.equal(third.state, 'failed')
    const types = (await parts.recorded())
      .filter(({ request_id }) => request_id === request.id)
      .map(({ type }) => type)
      .filter((type) => type.startsWith('approval.'))
    assert.deepEqual(types, [
      'approval.requested',
      'approval.answered',
      'approval.used',
      'approval.returned',
      'approval.used',
    ])
  })

  test('ends with its task: pending, approved, and asked in the same moment', async () => {
    const { held, token, world } = await begin()
    const { parts } = world
    const approved = await world.approved(held, token, LARGE)
    const pending = await world.decide(held, token, refund('901.00'))
    assert.ok(pending.outcome === 'requestable')
    const calls = await Promise.all(
      Array.from({ length: 6 }, (_, i) => world.call(held, token, refund(`91${i}.00`))),
    )
    const taskId = held.opened.task.id
    await Promise.allSettled([
      ...calls.slice(0, 3).map((call) => decideCall(parts, call)),
      closeTask(parts, { taskId, by: 'psn_admin', reason: 'person' }),
      ...calls.slice(3).map((call) => decideCall(parts, call)),
    ])
    for (const { id, state, usesLeft } of await listForTask(parts, taskId))
      assert.deepEqual([id, state, usesLeft], [id, 'cancelled', 0])
    assert.ok((await listForTask(parts, taskId)).some(({ id }) => id === approved.id))
    await assert.rejects(world.answer(pending.request.id, world.finn, 'approve'), {
      code: 'approval.not_pending',
    })
    await assert.rejects(askAgain(parts, held.opened.task, approved.id), { code: 'task.closed' })
  })

  test('of another task cannot be asked about again', async () => {
    const { held, token, world } = await begin()
    const request = await world.approved(held, token, LARGE)
    const other = await world.open()
    await assert.rejects(askAgain(world.parts, other.opened.task, request.id), {
      code: 'approval.unknown',
    })
  })
})
