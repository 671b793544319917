import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { newId } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import type { Task } from '../tasks/index.ts'
import { openedTask, type TaskTestParts, taskTestParts } from '../tasks/testing.ts'
import { countsOf, insertUseQuery } from './budget-store.ts'
import { type CountedLimit, limitsOver } from './counted-limits.ts'
import type { Limit } from './limit.ts'
import { peekBudgets } from './peek-budget.ts'
import { budgetUse } from './show-budget.ts'
import { budgetSteps, giveBackSteps } from './take-budget.ts'

const perMinute = (most: number): Limit => ({
  name: 'calls in 1 min',
  kind: 'calls',
  most: String(most),
  seconds: 60,
})
const amounts = (most: string): Limit => ({
  name: 'orders.refund/amount in 1 min',
  kind: 'sum',
  action: 'orders.refund',
  path: '/amount',
  most,
  seconds: 60,
})
const refund = (text: string) => ({
  action: 'orders.refund',
  arguments: new Map([['amount', { kind: 'decimal' as const, text }]]),
})
const READ = { action: 'orders.read', arguments: new Map() }

forEachEngine('a limit on any minute', (open) => {
  async function begin(t: TestContext): Promise<TaskTestParts> {
    const parts = await taskTestParts(await open())
    t.after(() => parts.live.stop())
    return parts
  }

  /** Takes from limits as a call does: looks, takes, and looks anew when another was faster. */
  async function take(parts: TaskTestParts, over: readonly CountedLimit[], call = READ) {
    const id = newId('decision', parts.random)
    const at = parts.clock.now()
    for (let tries = 0; tries < 3; tries++) {
      const { peeks, takings } = await peekBudgets(parts, over, call, at)
      if (peeks.some(({ left }) => !left)) return undefined
      const steps = budgetSteps(parts, takings, { decisionId: id, at })
      if ((await parts.storage.commit(steps)).committed) return id
    }
    return undefined
  }

  const many = (parts: TaskTestParts, over: readonly CountedLimit[]) =>
    Promise.all(Array.from({ length: 64 }, () => take(parts, over)))
  const over = (task: Task) => limitsOver([task], [])
  const permitted = (ids: readonly (string | undefined)[]) =>
    ids.filter((id) => id !== undefined).length

  test('64 at once: exactly as many as fit, minute after minute', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [perMinute(10)] })
    for (const round of [1, 2, 3]) {
      assert.equal(permitted(await many(parts, over(task))), 10, `round ${round}`)
      parts.clock.advance(MINUTE - 1)
      assert.equal(permitted(await many(parts, over(task))), 0)
      parts.clock.advance(1)
    }
  })

  test('64 at once, while half of them have something to forget first', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [perMinute(20), amounts('7.00')] })
    for (let i = 0; i < 4; i++) assert.ok(await take(parts, over(task)))
    parts.clock.advance(30_000)
    for (let i = 0; i < 3; i++) assert.ok(await take(parts, over(task), refund('2.00')))
    parts.clock.advance(30_000)
    // 4 of 20 are free again; 3 of 20 and 6.00 of 7.00 are not.
    const calls = Array.from({ length: 64 }, (_, i) =>
      take(parts, over(task), i % 2 ? refund('0.50') : READ),
    )
    const ids = await Promise.all(calls)
    assert.equal(permitted(ids), 17)
    const refunds = ids.filter((id, i) => i % 2 === 1 && id !== undefined).length
    assert.ok(refunds <= 2)
    const [use, sum] = await budgetUse(parts, task)
    assert.deepEqual([use?.used, use?.left], ['20', '0'])
    assert.equal(sum?.used, (6 + refunds * 0.5).toFixed(2))
  })

  test('what was not sent comes back, and what has left the minute comes back nowhere', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [perMinute(2)] })
    const [first, second] = [await take(parts, over(task)), await take(parts, over(task))]
    assert.ok(first !== undefined && second !== undefined)
    assert.equal(await take(parts, over(task)), undefined)
    const back = (id: string) =>
      giveBackSteps(parts, id).then((steps) => parts.storage.commit(steps))
    assert.ok((await back(first)).committed)
    assert.ok(await take(parts, over(task)))
    parts.clock.advance(MINUTE)
    const next = await take(parts, over(task))
    assert.ok(next !== undefined)
    assert.ok((await back(second)).committed, 'forgotten meanwhile')
    assert.deepEqual((await budgetUse(parts, task))[0]?.used, '1')
    assert.ok(await take(parts, over(task)))
    assert.equal(await take(parts, over(task)), undefined)
  })

  test('giving back beside forgetting loses nothing', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [perMinute(64)] })
    for (let round = 0; round < 3; round++) {
      const old = await many(parts, over(task))
      assert.equal(permitted(old), 64)
      parts.clock.advance(MINUTE)
      const back = old.map((id) =>
        giveBackSteps(parts, id ?? '').then((steps) => parts.storage.commit(steps)),
      )
      const [fresh] = await Promise.all([many(parts, over(task)), ...back])
      assert.equal(permitted(fresh), 64)
      assert.equal(await take(parts, over(task)), undefined)
      parts.clock.advance(MINUTE)
    }
  })

  test('says when the same call fits again, and nothing where it never does', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [amounts('10.00')] })
    const begun = parts.clock.now()
    for (const amount of ['3.00', '3.00', '4.00']) {
      assert.ok(await take(parts, over(task), refund(amount)))
      parts.clock.advance(10_000)
    }
    const look = (amount: string) =>
      peekBudgets(parts, over(task), refund(amount), parts.clock.now())
    for (const [amount, after] of [
      ['0.01', 0],
      ['3.00', 0],
      ['3.01', 10_000],
      ['6.01', 20_000],
      ['10.00', 20_000],
    ] as const) {
      const { peeks, retryAt } = await look(amount)
      assert.equal(retryAt, begun + after + MINUTE, amount)
      assert.equal(peeks[0]?.reason, 'limit.try_later')
      assert.match(peeks[0]?.enough ?? '', /^the same call after 2026-/)
    }
    const never = await look('10.01')
    assert.equal(never.retryAt, undefined)
    assert.equal(never.peeks[0]?.reason, 'budget.exhausted')
    const { retryAt = 0 } = await look('3.01')
    parts.clock.advance(retryAt - parts.clock.now() - 1)
    assert.equal(await take(parts, over(task), refund('3.01')), undefined)
    parts.clock.advance(1)
    assert.ok(await take(parts, over(task), refund('3.01')))
  })

  test('nobody is told to wait who would wait in vain', async (t) => {
    const parts = await begin(t)
    const calls: Limit = { name: 'calls', kind: 'calls', most: '1' }
    const task = await openedTask(parts, { budget: [perMinute(1), calls] })
    assert.ok(await take(parts, over(task)))
    const { peeks, retryAt, spent } = await peekBudgets(parts, over(task), READ, parts.clock.now())
    assert.equal(retryAt, undefined)
    assert.deepEqual(
      peeks.map(({ name, reason }) => [name, reason]),
      [
        ['calls', undefined],
        ['calls in 1 min', 'limit.try_later'],
      ],
    )
    assert.ok(spent)
  })

  test('a clock that was set back keeps nothing counted for ever', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [perMinute(2)] })
    assert.ok(await take(parts, over(task)))
    parts.clock.advance(2 * MINUTE)
    assert.ok(await take(parts, over(task)), 'forgets the first')
    parts.clock.jump(-2 * MINUTE)
    assert.ok(await take(parts, over(task)), 'at a time that was forgotten already')
    assert.equal(await take(parts, over(task)), undefined)
    parts.clock.jump(4 * MINUTE)
    assert.equal((await budgetUse(parts, task))[0]?.used, '0')
    assert.equal(permitted(await many(parts, over(task))), 2)
  })

  test('random calls: never more than there may be in any minute, and refused only then', async (t) => {
    const parts = await begin(t)
    const step = fc.record({
      wait: fc.constantFrom(0, 1, 1_000, 20_000, 59_999, 60_000, 61_000),
      cents: fc.integer({ min: 0, max: 700 }),
      back: fc.nat({ max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const task = await openedTask(parts, { budget: [amounts('10.00'), perMinute(4)] })
        const log: { id: string; at: number; cents: number }[] = []
        for (const { back, cents, wait } of steps) {
          parts.clock.advance(wait)
          const now = parts.clock.now()
          const recent = log.filter(({ at }) => at > now - MINUTE)
          const sum = recent.reduce((all, each) => all + each.cents, 0)
          const id = await take(parts, over(task), refund((cents / 100).toFixed(2)))
          assert.equal(id !== undefined, sum + cents <= 1000 && recent.length < 4)
          if (id !== undefined) log.push({ id, at: now, cents })
          const gone = back === 0 ? log.shift() : undefined
          if (gone) await parts.storage.commit(await giveBackSteps(parts, gone.id))
        }
      }),
      { numRuns: 25 },
    )
  })

  test('what is remembered is later than what was forgotten', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [perMinute(2)] })
    await take(parts, over(task))
    parts.clock.advance(2 * MINUTE)
    await take(parts, over(task))
    const { read } = parts.storage
    const [{ sweptTo } = { sweptTo: 0 }] = await countsOf(read, [task.id], parts.clock.now())
    assert.equal(sweptTo, parts.clock.now() - MINUTE)
    const taking = { owner: task.id, name: 'calls in 1 min', amount: 1n, most: 2n }
    // The very millisecond up to which another replica forgot is forgotten, too: a use in it would be counted for ever.
    for (const [late, at] of [
      [sweptTo - 5, sweptTo + 1],
      [sweptTo - 1, sweptTo + 1],
      [sweptTo, sweptTo + 1],
      [sweptTo + 1, sweptTo + 1],
      [sweptTo + 2, sweptTo + 2],
    ] as const) {
      const decision = `dec_late_${late}`
      const query = insertUseQuery(read, decision, taking, late)
      await parts.storage.commit([{ name: 'use', query, rows: 1 }])
      const row = await read
        .selectFrom('limit_uses')
        .select('at')
        .where('decision_id', '=', decision)
        .executeTakeFirst()
      assert.equal(row?.at, at)
    }
  })
})
