import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { budgetUse, type Limit } from '../../../tasks/budgets/index.ts'
import {
  findDecision,
  listDecisions,
  type StoredDecision,
} from '../../../tasks/decision-log/decision-store.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { limited } from '../judgment/testing.ts'
import { refusalOf } from '../refusal.ts'
import { type HeldTask, READ, refund, type World, worldsOver } from '../testing.ts'
import { endCall } from './end-call.ts'
import { settleOwn } from './settle-own.ts'

const LARGE = refund('900.00')
type Commit = Storage['commit']
/** Fate of a commit: it takes place or not, and its caller hears of it or not. */
type Fate = 'heard' | 'unheard' | 'lost'

const unanswered = () => new Problem('storage.unavailable', 'the answer was cut off by a test')

/** The next commits of the world end like this, one after another; those after them are heard. */
function fating(t: TestContext, { parts }: World, ...fates: Fate[]): void {
  const commit: Commit = parts.storage.commit
  t.after(() => Object.assign(parts.storage, { commit }))
  const next: Commit = async (steps) => {
    const fate = fates.shift() ?? 'heard'
    const done = fate === 'lost' ? undefined : await commit(steps)
    if (!done || fate === 'unheard') throw unanswered()
    return done
  }
  Object.assign(parts.storage, { commit: next })
}

forEachEngine('a store that does not answer a reservation', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, budget: readonly Limit[] = []) {
    const world = await worlds.own(t)
    const held = budget.length === 0 ? await world.open() : await limited(world, budget)
    return { world, held, token: await world.token(held) }
  }

  async function newest({ parts }: World, held: HeldTask): Promise<StoredDecision> {
    const taskId = held.opened.task.id
    const found = await listDecisions(parts.storage.read, { taskId, limit: 50 })
    const permit = found.find(({ outcome }) => outcome === 'permit')
    assert.ok(permit, 'a permit is stored')
    return permit
  }

  const intents = async ({ parts }: World) =>
    (await parts.recorded()).filter(({ type }) => type === 'decision.intent').length

  for (const [fate, words] of [
    ['unheard', 'was committed: it is found by its id, and the call goes on'],
    ['lost', 'was not committed: it is committed now, and the call goes on'],
  ] as const)
    test(`and ${words}, once`, async (t) => {
      const { held, token, world } = await begin(t)
      await world.approved(held, token, LARGE)
      fating(t, world, fate)
      const verdict = await world.decide(held, token, LARGE)
      assert.ok(verdict.outcome === 'permit')
      assert.equal((await newest(world, held)).id, verdict.decisionId)
      assert.equal(await intents(world), 1)
      const again = await world.decide(held, token, LARGE)
      assert.ok(again.outcome === 'executed')
      assert.equal(again.decisionId, verdict.decisionId)
    })

  test('and a used proof is still told as that', async (t) => {
    const { held, token, world } = await begin(t)
    const { proof } = await world.call(held, token, READ)
    assert.equal((await world.decide(held, token, READ, { proof })).outcome, 'permit')
    fating(t, world, 'lost')
    const replayed = await world.decide(held, token, READ, { proof })
    assert.ok(replayed.outcome === 'deny')
    assert.equal(replayed.reason, 'proof.replayed')
  })

  test('for long: the caller is told that nothing was sent, and approval and budget come back', async (t) => {
    const budget = [{ name: 'calls', kind: 'calls', most: '2' }] as const
    const { held, token, world } = await begin(t, budget)
    const { parts } = world
    const request = await world.approved(held, token, LARGE)
    fating(t, world, 'unheard', 'lost')
    await assert.rejects(world.decide(held, token, LARGE), (error) => {
      assert.ok(error instanceof Problem)
      assert.equal(error.code, 'storage.unavailable')
      assert.match(error.detail, /was not sent/)
      return true
    })
    const { id } = await newest(world, held)
    assert.equal((await findRequest(parts, request.id))?.usedBy, id)
    // Whoever asks meanwhile is not told that it was executed.
    const meanwhile = await world.decide(held, token, LARGE)
    assert.ok(meanwhile.outcome === 'executed')
    const told = refusalOf(meanwhile, meanwhile as never).problem.detail
    assert.match(told, /whether the call is executed is not known yet/)
    assert.doesNotMatch(told, /executed once/)

    assert.equal(await settleOwn(parts), 1)
    assert.equal(await settleOwn(parts), 0)
    assert.equal((await findDecision(parts.storage.read, id))?.state, 'not_sent')
    const task = await findTask(parts.storage.read, held.opened.task.id)
    assert.ok(task)
    assert.deepEqual(
      (await budgetUse(parts, task)).map(({ used }) => used),
      ['0'],
    )
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'permit', 'by the same approval')
  })

  test('until after it was asked for: what turns up late is given back as well', async (t) => {
    const { held, token, world } = await begin(t)
    const { parts } = world
    const commit: Commit = parts.storage.commit
    t.after(() => Object.assign(parts.storage, { commit }))
    const sent: Parameters<Commit>[0][] = []
    const hang: Commit = async (steps) => {
      sent.push(steps)
      throw unanswered()
    }
    Object.assign(parts.storage, { commit: hang })
    await assert.rejects(world.decide(held, token, READ), { code: 'storage.unavailable' })
    Object.assign(parts.storage, { commit })
    assert.equal(await settleOwn(parts), 0, 'there is no row yet')
    const [steps] = sent
    assert.ok(steps && (await commit(steps)).committed, 'the first one, after all')
    assert.equal(await settleOwn(parts), 1)
    assert.equal((await newest(world, held)).state, 'not_sent')
  })

  test('a spent task closes again once its last call was settled', async (t) => {
    const { held, token, world } = await begin(t, [{ name: 'calls', kind: 'calls', most: '1' }])
    const { parts } = world
    const state = async () => (await findTask(parts.storage.read, held.opened.task.id))?.state
    const verdict = await world.decide(held, token, READ)
    assert.ok(verdict.outcome === 'permit')
    fating(t, world, 'lost')
    await endCall(parts, verdict.decisionId, { state: 'answered', status: 200 })
    assert.equal((await world.decide(held, token, READ)).outcome, 'deny')
    assert.equal(await state(), 'open', 'a call of it may be on its way')
    await settleOwn(parts)
    assert.equal((await world.decide(held, token, READ)).outcome, 'deny')
    assert.equal(await state(), 'closed')
  })
})

forEachEngine('a call of this very process that the store calls `sending`', (open) => {
  const worlds = worldsOver(open)

  async function sending(t: TestContext) {
    const world = await worlds.own(t)
    const held = await world.open()
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.ok(verdict.outcome === 'permit')
    return { world, parts: world.parts, id: verdict.decisionId }
  }

  test('is left alone while it is under way', async (t) => {
    const { id, parts } = await sending(t)
    assert.equal(await settleOwn(parts), 0)
    assert.equal((await findDecision(parts.storage.read, id))?.state, 'sending')
  })

  test('is stored as it ended, however often storing that failed before', async (t) => {
    const { id, parts, world } = await sending(t)
    fating(t, world, 'lost', 'lost', 'unheard')
    const { late } = await endCall(parts, id, { state: 'answered', status: 204 })
    assert.ok(late instanceof Problem)
    await assert.rejects(settleOwn(parts), { code: 'storage.unavailable' })
    await assert.rejects(settleOwn(parts), { code: 'storage.unavailable' })
    await settleOwn(parts)
    const row = await findDecision(parts.storage.read, id)
    assert.deepEqual([row?.state, row?.status], ['answered', 204])
    const outcomes = (await parts.recorded()).filter(({ type }) => type === 'decision.outcome')
    assert.equal(outcomes.length, 1)
  })

  test('is indeterminate where nothing is known of it any more', async (t) => {
    const { id, parts } = await sending(t)
    parts.flights.end(id)
    assert.equal(await settleOwn(parts), 1)
    const row = await findDecision(parts.storage.read, id)
    assert.equal(row?.state, 'indeterminate')
    const [record] = (await parts.recorded()).filter(({ type }) => type === 'decision.outcome')
    assert.deepEqual([record?.decision_id, record?.reason], [id, 'outcome.lost'])
  })

  test('is left to an API that asks by itself, which says later what became of it', async (t) => {
    const { id, parts } = await sending(t)
    await parts.storage.transaction(async (tx) => {
      await tx.updateTable('resources').set({ mode: 'direct' }).execute()
    })
    parts.flights.end(id)
    assert.equal(await settleOwn(parts), 0)
    assert.equal((await findDecision(parts.storage.read, id))?.state, 'sending')
  })
})
