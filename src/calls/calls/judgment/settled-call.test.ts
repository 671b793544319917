import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../../platform/lib/json.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import {
  budgetUse,
  type Limit,
  type ReportedAmount,
  reportedAmount,
  setLimit,
  showLimits,
} from '../../../tasks/budgets/index.ts'
import { explain } from '../../../tasks/explanations/explain.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { decideCall } from '../decide-call.ts'
import { lapse, REPORT_WITHIN_MS } from '../expire-unreported.ts'
import { recordOutcome } from '../outcome.ts'
import { recover } from '../recover.ts'
import { type HeldTask, READ, refund, type World, worldsOver } from '../testing.ts'
import { limited } from './testing.ts'

const rows = (most: number, reserve: string, seconds?: number): Limit => ({
  name: `rows of orders.read/rows${seconds === undefined ? '' : ' in 1 min'}`,
  kind: 'rows',
  action: 'orders.read',
  path: '/rows',
  most: String(most),
  reserve,
  ...(seconds === undefined ? {} : { seconds }),
})
const charged = (most: string, reserve: string): Limit => ({
  name: 'charged by orders.refund/fee',
  kind: 'charged',
  action: 'orders.refund',
  path: '/fee',
  most,
  reserve,
})
const answer = (text: string): ReportedAmount => reportedAmount(parseJson(text))
const withRows = (count: number) => answer(JSON.stringify({ rows: Array(count).fill(1) }))

forEachEngine('a call under a limit on what answers say', (open) => {
  const worlds = worldsOver(open)

  async function begin(budget: readonly Limit[], t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await limited(world, budget)
    return { world, held, token: await world.token(held) }
  }

  async function used(world: World, held: HeldTask) {
    const task = await findTask(world.parts.storage.read, held.opened.task.id)
    assert.ok(task)
    return (await budgetUse(world.parts, task)).map((limit) => limit.used)
  }

  async function permit(world: World, held: HeldTask, token: string, wish = READ) {
    const verdict = await world.decide(held, token, wish)
    assert.ok(verdict.outcome === 'permit', verdict.outcome)
    return verdict
  }

  test('reserves, and is settled to what its answer says: less, or more', async () => {
    const { held, token, world } = await begin([rows(100, '40')])
    const { parts } = world
    const first = await permit(world, held, token)
    assert.deepEqual(first.settles, [{ kind: 'rows', path: '/rows' }])
    assert.deepEqual(await used(world, held), ['40'])
    await recordOutcome(parts, first.decisionId, {
      state: 'answered',
      status: 200,
      said: withRows(3),
    })
    assert.deepEqual(await used(world, held), ['3'])
    const more = await permit(world, held, token)
    await recordOutcome(parts, more.decisionId, { state: 'answered', said: withRows(120) })
    assert.deepEqual(await used(world, held), ['123'], 'it goes beyond what there is')
    const refused = await world.decide(held, token, READ)
    assert.ok(refused.outcome === 'deny')
    assert.equal(refused.reason, 'budget.exhausted')
    assert.match(refused.detail, /123 of 100 used, this call reserves 40/)
    const told = await explain(parts, more.decisionId, 'person')
    const owner = held.opened.task.id
    assert.deepEqual(told.settlements, [
      { owner, name: 'rows of orders.read/rows', reserved: '40', amount: '120', by: 'answer' },
    ])
    const records = await parts.recorded()
    const outcome = records.findLast(({ type }) => type === 'decision.outcome')
    assert.deepEqual(outcome?.facts, {
      settled: [{ owner, limit: 'rows of orders.read/rows', by: 'answer' }],
    })
  })

  test('reserves what an argument says at most, exactly, and is refused when that is more than is left', async () => {
    const { held, token, world } = await begin([charged('10.00', '/amount')])
    const first = await permit(world, held, token, refund('9.99'))
    assert.deepEqual(await used(world, held), ['9.99'])
    const said = answer('{"fee":0.0001}')
    await recordOutcome(world.parts, first.decisionId, { state: 'answered', said })
    assert.deepEqual(await used(world, held), ['0.0001'])
    const refused = await world.decide(held, token, refund('10.00'))
    assert.ok(refused.outcome === 'deny' && refused.reason === 'budget.exhausted')
    await permit(world, held, token, refund('9.99'))
  })

  test('keeps what it reserved when the answer does not say, is cut, or nobody knows', async (t) => {
    const { held, token, world } = await begin([rows(1000, '10')], t)
    const { parts } = world
    const reasons: ReportedAmount[] = [
      answer('{"error":"no"}'),
      { unsaid: 'cut' },
      { unsaid: 'too_large' },
    ]
    for (const [i, said] of reasons.entries()) {
      const { decisionId } = await permit(world, held, token)
      await recordOutcome(parts, decisionId, { state: 'answered', said })
      assert.deepEqual(await used(world, held), [String((i + 1) * 10)])
      const [kept] = (await explain(parts, decisionId, 'operator')).settlements
      assert.deepEqual([kept?.amount, kept?.by], ['10', said.unsaid ?? 'not_there'])
    }
    const failed = await permit(world, held, token)
    await recordOutcome(parts, failed.decisionId, { state: 'failed', said: { unsaid: 'failed' } })
    assert.deepEqual(await used(world, held), ['40'])
    const unsent = await permit(world, held, token)
    await recordOutcome(parts, unsent.decisionId, { state: 'not_sent', said: withRows(7) })
    assert.deepEqual(await used(world, held), ['40'], 'what was not sent is given back')
    // The process is gone between intent and outcome.
    const lost = await permit(world, held, token)
    const crashed = {
      ...parts,
      live: {
        ...parts.live,
        ...{ replicaId: 'rpl_other', replicas: async () => [], mayJudgeOthers: () => true },
      },
    }
    assert.equal(await recover(crashed as unknown as typeof parts), 1) // as: only what `recover` asks of live
    assert.deepEqual(await used(world, held), ['50'])
    const [kept] = (await explain(parts, lost.decisionId, 'operator')).settlements
    assert.deepEqual([kept?.amount, kept?.by], ['10', 'indeterminate'])
    // A true outcome that comes after that is told; what was reserved stays taken.
    const late = { state: 'answered', said: withRows(1) } as const
    assert.equal(await recordOutcome(parts, lost.decisionId, late), true)
    assert.equal(await recordOutcome(parts, lost.decisionId, late), false, 'once')
    assert.deepEqual(await used(world, held), ['50'])
  })

  test('of a direct API that does not report keeps what it reserved', async (t) => {
    const { held, token, world } = await begin([rows(100, '10')], t)
    const { parts } = world
    const { decisionId } = await permit(world, held, token)
    await parts.storage.transaction((tx) =>
      tx.updateTable('resources').set({ mode: 'direct' }).where('name', '=', 'orders').execute(),
    )
    parts.clock.advance(REPORT_WITHIN_MS + 1)
    assert.equal(await lapse(parts), 1)
    assert.deepEqual(await used(world, held), ['10'])
    const [kept] = (await explain(parts, decisionId, 'operator')).settlements
    assert.equal(kept?.by, 'unreported')
  })

  test('is settled once, however many say so at once', async () => {
    const { held, token, world } = await begin([rows(100, '10')])
    const { decisionId } = await permit(world, held, token)
    const done = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        recordOutcome(world.parts, decisionId, { state: 'answered', said: withRows(20 + i) }),
      ),
    )
    assert.equal(done.filter(Boolean).length, 1)
    const [amount] = await used(world, held)
    assert.equal(amount, String(20 + done.indexOf(true)))
  })

  test('64 at once: exactly as many reserve as fit, and what is used is exactly what answers said', async () => {
    const { held, token, world } = await begin([rows(200, '10')])
    const { parts } = world
    const made = await Promise.all(Array.from({ length: 64 }, () => world.call(held, token, READ)))
    const verdicts = await Promise.all(made.map((call) => decideCall(parts, call)))
    const permitted = verdicts.filter((verdict) => verdict.outcome === 'permit')
    assert.equal(permitted.length, 20)
    assert.deepEqual(await used(world, held), ['200'])
    // Settling, and new calls, at the same time.
    const more = await Promise.all(Array.from({ length: 44 }, () => world.call(held, token, READ)))
    const [, later] = await Promise.all([
      Promise.all(
        permitted.map(({ decisionId }, i) =>
          recordOutcome(parts, decisionId, { state: 'answered', said: withRows(i % 5) }),
        ),
      ),
      Promise.all(more.map((call) => decideCall(parts, call))),
    ])
    const reserved = later.filter(({ outcome }) => outcome === 'permit').length * 10
    const settled = permitted.reduce((sum, _, i) => sum + (i % 5), 0)
    assert.deepEqual(await used(world, held), [String(reserved + settled)])
    assert.ok(reserved + settled <= 200)
  })

  test('in a window counts what the answer said while it is in it, and nothing after', async (t) => {
    const { held, token, world } = await begin([rows(100, '10', 60)], t)
    const { parts } = world
    const first = await permit(world, held, token)
    await recordOutcome(parts, first.decisionId, { state: 'answered', said: withRows(95) })
    assert.deepEqual(await used(world, held), ['95'])
    const refused = await world.decide(held, token, READ)
    assert.ok(refused.outcome === 'deny' && refused.reason === 'limit.try_later')
    assert.ok(refused.retryAfter !== undefined && refused.retryAfter <= 60)
    parts.clock.advance(50_000)
    assert.deepEqual(await used(world, held), ['95'])
    // Reserved in one window, and settled when its own has passed and others forgot it.
    parts.clock.advance(11_000)
    const token2 = await world.token(held)
    const slow = await permit(world, held, token2)
    assert.deepEqual(await used(world, held), ['10'])
    parts.clock.advance(61_000)
    const token3 = await world.token(held)
    const next = await permit(world, held, token3)
    await recordOutcome(parts, slow.decisionId, { state: 'answered', said: withRows(99) })
    assert.deepEqual(await used(world, held), ['10'], 'what has left the window does not come back')
    await recordOutcome(parts, next.decisionId, { state: 'answered', said: withRows(2) })
    assert.deepEqual(await used(world, held), ['2'])
  })

  test('counts in standing limits of others, which the person is not told', async (t) => {
    const { held, token, world } = await begin([], t)
    const { parts } = world
    const subject = { kind: 'agent', id: held.opened.task.agentId } as const
    const limit = rows(50, '5')
    await setLimit(parts, { subject, eachTask: false, limit, by: 'operator' })
    const { decisionId } = await permit(world, held, token)
    await recordOutcome(parts, decisionId, { state: 'answered', said: withRows(46) })
    const [shown] = await showLimits(parts, { subject, most: 10 })
    assert.equal(shown?.use?.used, '46')
    assert.deepEqual((await explain(parts, decisionId, 'person')).settlements, [])
    assert.equal((await explain(parts, decisionId, 'operator')).settlements.length, 1)
    const refused = await world.decide(held, token, READ)
    assert.ok(refused.outcome === 'deny' && refused.reason === 'limit.used_up')
  })

  test('random answers: used is what they said, or what was reserved', async () => {
    const world = await worlds.shared()
    const step = fc.record({
      rows: fc.integer({ min: 0, max: 30 }),
      ends: fc.constantFrom('said', 'unsaid', 'not_sent', 'none' as const),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const held = await limited(world, [rows(100_000, '10')])
        const token = await world.token(held)
        await Promise.all(
          steps.map(async ({ ends, rows: count }) => {
            const { decisionId } = await permit(world, held, token)
            if (ends === 'none') return
            const state = ends === 'not_sent' ? 'not_sent' : 'answered'
            const said: ReportedAmount = ends === 'said' ? withRows(count) : { unsaid: 'not_json' }
            await recordOutcome(world.parts, decisionId, { state, said })
          }),
        )
        const right = steps.map(({ ends, rows: count }) =>
          ends === 'said' ? count : ends === 'not_sent' ? 0 : 10,
        )
        assert.deepEqual(await used(world, held), [String(right.reduce((a, b) => a + b, 0))])
      }),
      { numRuns: 8 },
    )
  })
})
