import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import { ALL_OF_ORDERS, newKey, worldsOver } from '../../../calls/calls/testing.ts'
import { suspendAgent } from '../../../identity/agents/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findConsent } from '../../../tasks/consent/index.ts'
import { listTasks } from '../../../tasks/tasks/index.ts'
import { openTask } from '../openings/open-task.ts'
import { addAgent } from '../openings/testing.ts'
import { cancelDeferral } from './cancel.ts'
import { DeferralWorld, pollReason } from './testing.ts'

const only = (...actions: string[]): Detail => ({ ...ALL_OF_ORDERS, actions })
const REVOKE_URL = 'http://127.0.0.1:7480/oauth/revoke'

forEachEngine('a deferred opening', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const waiting = await DeferralWorld.in(world)
    const tasks = async () => (await listTasks(world.parts.storage.read, { limit: 100 })).length
    return { world, waiting, parts: world.parts, tasks }
  }

  test('waits for the person and opens the task of the key that asked', async (t) => {
    const { parts, waiting, world } = await begin(t)
    const held = await waiting.deferred({ purpose: 'look at orders', lifeSeconds: 600 })
    assert.ok(held.expiresIn > 3600 && held.interval === 5)
    assert.match(held.code, /^remit_dc_[\w-]{43}$/)
    const pending = await waiting.poll(held.code)
    assert.deepEqual(pending, { outcome: 'waiting', page: held.page })
    await waiting.answer('grant', { details: [only('orders.read')] })
    const answer = await waiting.poll(held.code)
    assert.ok(answer.outcome === 'opened')
    assert.deepEqual(
      answer.details.map(({ actions }) => actions),
      [['orders.read']],
    )
    const { task } = answer
    assert.equal(task.purpose, 'look at orders')
    assert.equal(task.personId, world.sam.id)
    assert.equal(task.deadline - task.openedAt, 600_000)
    assert.equal(pollReason(await waiting.poll(held.code)), 'deferral.used')
    const types = (await parts.recorded()).map(({ type }) => type)
    for (const type of ['task.deferred', 'deferral.redeemed', 'task.opened'])
      assert.ok(types.includes(type), type)
  })

  test('without the word of the agent, nothing is deferred and nothing used up', async (t) => {
    const { parts, waiting, world } = await begin(t)
    const opening = await waiting.ask({ defer: undefined })
    assert.equal(pollReason(await openTask(parts, 'token_exchange', opening)), 'needs_consent')
    await waiting.answer('grant')
    const again = await world.opening(waiting.key, { subjectToken: opening.subjectToken })
    assert.equal(pollReason(await openTask(parts, 'token_exchange', again)), 'opened')
  })

  test('uses up what was brought: the code takes its place', async (t) => {
    const { waiting } = await begin(t)
    const opening = await waiting.ask()
    const { subjectToken, assertion } = opening
    assert.equal(
      pollReason(await openTask(waiting.world.parts, 'token_exchange', opening)),
      'deferred',
    )
    const other = await DeferralWorld.in(waiting.world)
    assert.equal(pollReason(await other.try({ subjectToken })), 'subject_token.replayed')
    assert.equal(pollReason(await other.try({ assertion })), 'assertion.replayed')
  })

  test('the same request again is given the same code', async (t) => {
    const { waiting } = await begin(t)
    const held = await waiting.deferred()
    const again = await waiting.deferred()
    assert.equal(again.code, held.code)
    const other = await waiting.deferred({ purpose: 'something else' })
    assert.notEqual(other.code, held.code)
  })

  test('A12: is bound to agent and key, and says nothing of codes of others', async (t) => {
    const { waiting, world } = await begin(t)
    const { code } = await waiting.deferred()
    await waiting.answer('grant')
    const other = await addAgent(world, 'other-bot')
    const assertion = world.assertion({ iss: other.id, sub: other.id }, other.key)
    const theirs = await waiting.poll(code, { assertion })
    const unknown = await waiting.poll(`remit_dc_${'A'.repeat(43)}`)
    assert.deepEqual(theirs, unknown)
    assert.equal(pollReason(unknown), 'deferral.unknown')
    const stolen = await waiting.poll(code, waiting.presented(newKey()))
    assert.equal(pollReason(stolen), 'proof.wrong_key')
    assert.equal(pollReason(await waiting.poll(code, { flow: 'ciba' })), 'deferral.unknown')
    assert.equal(
      pollReason(await waiting.poll(code, { assertion: undefined })),
      'agent.unauthenticated',
    )
    assert.equal(pollReason(await waiting.poll(code)), 'opened')
  })

  test('A12: polls have to keep their pace, and each slip lengthens it', async (t) => {
    const { parts, waiting } = await begin(t)
    const { code } = await waiting.deferred()
    const poll = async (seconds: number) => {
      parts.clock.advance(seconds * 1000)
      return pollReason(await waiting.poll(code))
    }
    assert.equal(await poll(0), 'waiting')
    assert.equal(await poll(4), 'deferral.too_fast')
    assert.equal(await poll(9), 'deferral.too_fast')
    assert.equal(await poll(15), 'waiting')
    const presented = waiting.presented()
    parts.clock.advance(15_000)
    const fresh = { ...presented, proof: waiting.presented().proof }
    assert.equal(pollReason(await waiting.poll(code, fresh)), 'waiting')
    parts.clock.advance(15_000)
    assert.equal(pollReason(await waiting.poll(code, fresh)), 'proof.replayed')
    const { assertion } = fresh
    assert.equal(pollReason(await waiting.poll(code, { assertion })), 'assertion.replayed')
  })

  test('64 polls at the same moment: one task', async (t) => {
    const { tasks, waiting } = await begin(t)
    const { code } = await waiting.deferred()
    await waiting.answer('grant')
    const answers = await Promise.all(Array.from({ length: 64 }, () => waiting.poll(code)))
    const count = Map.groupBy(answers.map(pollReason), (reason) => reason)
    assert.deepEqual([...count].map(([reason, all]) => [reason, all.length]).toSorted(), [
      ['deferral.used', 63],
      ['opened', 1],
    ])
    assert.equal(await tasks(), 1)
  })

  test('a no, an end without an answer, and an answer fetched too late open nothing', async (t) => {
    const { parts, tasks, waiting } = await begin(t)
    const no = await waiting.deferred()
    await waiting.answer('deny')
    assert.equal(pollReason(await waiting.poll(no.code)), 'deferral.denied')
    const silent = await waiting.deferred({ details: [only('orders.read')] })
    parts.clock.advance(3_600_000)
    assert.equal(pollReason(await waiting.poll(silent.code)), 'deferral.expired')
    const late = await waiting.deferred({ details: [only('orders.list')] })
    await waiting.answer('grant')
    parts.clock.advance(late.expiresIn * 1000)
    assert.equal(pollReason(await waiting.poll(late.code)), 'deferral.expired')
    assert.equal(await tasks(), 0)
  })

  test('is judged anew: nothing of a person, an agent or a consent that is gone', async (t) => {
    const { parts, tasks, waiting } = await begin(t)
    const taken = await waiting.deferred()
    await waiting.answer('grant')
    await waiting.endBases()
    const gone = await waiting.poll(taken.code)
    assert.equal(pollReason(gone), 'deferral.denied')
    const stopped = await waiting.deferred({ details: [only('orders.read')] })
    await waiting.answer('grant')
    await waiting.suspend()
    const answer = await waiting.poll(stopped.code)
    assert.equal(pollReason(answer), 'deferral.denied')
    assert.ok(answer.outcome === 'refused' && gone.outcome === 'refused')
    assert.equal(answer.detail, gone.detail, 'why is for the books')
    const reasons = (await parts.recorded()).map(({ reason }) => reason)
    assert.ok(reasons.includes('person.suspended') && reasons.includes('consent.required'))
    await suspendAgent(parts, { agentId: 'refund-bot', by: 'operator', reason: 'test' })
    assert.equal(pollReason(await waiting.poll(stopped.code)), 'agent.unauthenticated')
    assert.equal(await tasks(), 0)
  })

  test('can be cancelled, by who holds it alone; then nobody is asked any more', async (t) => {
    const { parts, tasks, waiting, world } = await begin(t)
    const { code, page } = await waiting.deferred()
    const cancel = (over: object = {}, key = waiting.key) =>
      cancelDeferral(parts, { ...waiting.presented(key, REVOKE_URL), code, ...over })
    await assert.rejects(cancel({}, newKey()), { code: 'proof.wrong_key' })
    await assert.rejects(cancel({ assertion: undefined }), { code: 'agent.unauthenticated' })
    const other = await addAgent(world, 'other-bot')
    await cancel({ assertion: world.assertion({ iss: other.id, sub: other.id }, other.key) })
    assert.equal(pollReason(await waiting.poll(code)), 'waiting')
    await cancel()
    await cancel()
    const consent = await findConsent(parts.storage.read, String(page).split('/').at(-1) ?? '')
    assert.equal(consent?.state, 'expired')
    assert.equal(pollReason(await waiting.poll(code)), 'deferral.denied')
    assert.equal(await tasks(), 0)
  })

  test('cancelled after the answer and before it was fetched: nothing is issued', async (t) => {
    const { parts, tasks, waiting } = await begin(t)
    const { code } = await waiting.deferred()
    await waiting.answer('grant')
    await cancelDeferral(parts, { ...waiting.presented(waiting.key, REVOKE_URL), code })
    assert.equal(pollReason(await waiting.poll(code)), 'deferral.denied')
    assert.equal(await tasks(), 0)
  })
})
