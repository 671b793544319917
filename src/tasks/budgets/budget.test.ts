import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { TypedValue } from '@remit/engine'
import fc from 'fast-check'
import { newId } from '../../platform/lib/id.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { closeSpent } from '../tasks/close-spent.ts'
import { findTask, type Task } from '../tasks/index.ts'
import { openedTask, type TaskTestParts, taskTestParts } from '../tasks/testing.ts'
import { amountInWords, amountOf, mostOf } from './amount.ts'
import { countsOf, type Reservation } from './budget-store.ts'
import { type CountedLimit, limitsOver } from './counted-limits.ts'
import type { Limit } from './limit.ts'
import { NO_LIMITS, peekBudgets } from './peek-budget.ts'
import { budgetUse } from './show-budget.ts'
import { BUDGET_GUARD, budgetSteps, giveBackSteps, inOrder } from './take-budget.ts'

const CALLS: Limit = { name: 'calls', kind: 'calls', most: '5' }
const SUM: Limit = {
  name: 'orders.refund/amount',
  kind: 'sum',
  action: 'orders.refund',
  path: '/amount',
  most: '500.00',
}
const MAX = '922337203685477.5807'

const taking = (task: Task, limit: Limit, amount: bigint): Reservation => ({
  owner: task.id,
  name: limit.name,
  amount,
  most: mostOf(limit),
})

function refundOf(value?: TypedValue) {
  return { action: 'orders.refund', arguments: new Map(value ? [['amount', value]] : []) }
}
const decimal = (text: string) => refundOf({ kind: 'decimal', text })
const integer = (text: string) => refundOf({ kind: 'integer', text })

test('an amount is exact, and what cannot be counted is no amount', () => {
  assert.equal(amountOf(SUM, decimal('0.1')), 1000n)
  assert.equal(amountOf(SUM, decimal('922337203685477.5807')), 2n ** 63n - 1n)
  assert.equal(amountOf(SUM, integer('3')), 30_000n)
  assert.equal(amountOf(SUM, integer('9223372036854775807')), (2n ** 63n - 1n) * 10_000n)
  assert.equal(amountOf(SUM, decimal('0')), 0n)
  for (const call of [
    refundOf(),
    decimal('-0.0001'),
    integer('-1'),
    decimal('1e3'),
    decimal('0.00001'),
    refundOf({ kind: 'string', value: '5' }),
    refundOf({ kind: 'set', items: [{ kind: 'decimal', text: '5' }] }),
  ]) {
    assert.equal(amountOf(SUM, call), undefined)
  }
})

test('an amount in words is the amount', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 2n ** 63n - 1n), fc.nat(4), (units, digits) => {
      const most = amountInWords(
        { ...SUM, most: `1${digits ? `.${'0'.repeat(digits)}` : ''}` },
        units,
      )
      assert.equal(mostOf({ ...SUM, most }), units)
      assert.ok((most.split('.')[1]?.length ?? 0) >= digits)
    }),
  )
})

test('are taken and given back in one order, whatever they were named in', () => {
  const keys = [
    { owner: 'tsk_b', name: 'a' },
    { owner: 'tsk_a', name: 'b' },
    { owner: 'tsk_a', name: 'a' },
  ] as const
  const sorted = [keys[2], keys[1], keys[0]]
  for (const given of [keys, keys.toReversed(), [keys[1], keys[0], keys[2]]])
    assert.deepEqual(inOrder(given), sorted)
})

forEachEngine('budgets', (open) => {
  async function begin(t: TestContext): Promise<TaskTestParts> {
    const parts = await taskTestParts(await open())
    t.after(() => parts.live.stop())
    return parts
  }

  async function take(parts: TaskTestParts, takings: readonly Reservation[]) {
    const id = newId('decision', parts.random)
    const by = { decisionId: id, at: parts.clock.now() }
    return { id, done: await parts.storage.commit(budgetSteps(parts, takings, by)) }
  }

  const usedOf = async (parts: TaskTestParts, task: Task) =>
    (await countsOf(parts.storage.read, [task.id], parts.clock.now())).map(({ counted }) => counted)

  test('are taken to the last ten-thousandth, far above what a number holds', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [{ ...SUM, most: MAX }] })
    const of = (amount: bigint) => taking(task, { ...SUM, most: MAX }, amount)
    assert.ok((await take(parts, [of(2n ** 63n - 3n)])).done.committed)
    assert.deepEqual(await usedOf(parts, task), [2n ** 63n - 3n])
    assert.deepEqual((await take(parts, [of(3n)])).done, { committed: false, failed: BUDGET_GUARD })
    assert.deepEqual((await take(parts, [of(2n ** 63n - 1n)])).done, {
      committed: false,
      failed: BUDGET_GUARD,
    })
    const { id } = await take(parts, [of(2n)])
    assert.deepEqual(await usedOf(parts, task), [2n ** 63n - 1n])
    assert.deepEqual(await budgetUse(parts, task), [
      { ...SUM, most: MAX, used: MAX, left: '0.0000' },
    ])
    await parts.storage.commit(await giveBackSteps(parts, id))
    assert.deepEqual(await usedOf(parts, task), [2n ** 63n - 3n])
  })

  test('are looked at where they concern a call, and say what it would take', async (t) => {
    const parts = await begin(t)
    const hourly: Limit = { name: 'calls in 1 h', kind: 'calls', most: '2', seconds: 3600 }
    const daily: Limit = { name: 'calls in 1 d', kind: 'calls', most: '1', seconds: 86_400 }
    const parent = await openedTask(parts, { budget: [{ ...CALLS, most: '1' }] })
    const child = await openedTask(parts, {
      ...{ parentId: parent.id, rootId: parent.id },
      budget: [{ ...SUM, most: '1.00' }, hourly, daily],
    })
    const at = parts.clock.now()
    const look = (tasks: readonly Task[], call = decimal('1.00')) =>
      peekBudgets(parts, limitsOver(tasks, []), call, parts.clock.now())
    assert.deepEqual(await look([]), NO_LIMITS)
    assert.deepEqual(NO_LIMITS, { peeks: [], takings: [], spent: false })
    const lone = await openedTask(parts, { budget: [SUM] })
    const other = { action: 'orders.read', arguments: new Map() }
    assert.deepEqual(await look([lone], other), NO_LIMITS)
    const uncountable = await look([lone], refundOf())
    assert.deepEqual([uncountable.peeks.length, uncountable.takings], [1, []])
    const fresh = await look([child, parent])
    assert.deepEqual(
      fresh.takings.map(({ amount, name, owner, sweepTo }) => [owner, name, amount, sweepTo]),
      [
        [child.id, SUM.name, 10_000n, undefined],
        [child.id, hourly.name, 1n, undefined],
        [child.id, daily.name, 1n, undefined],
        [parent.id, 'calls', 1n, undefined],
      ],
    )
    assert.deepEqual(['retryAt' in fresh, fresh.spent], [false, false])
    const none = fresh.takings.map((each) => ({ ...each, amount: 0n }))
    assert.ok((await take(parts, none)).done.committed)
    assert.equal((await look([child, parent])).spent, false)
    assert.ok((await take(parts, fresh.takings)).done.committed)
    // The calls of the task above are used up, and a sum of its own: neither ends this task, and neither comes back.
    const used = await look([child, parent])
    assert.deepEqual([used.spent, used.retryAt], [false, undefined])
    assert.equal((await look([parent])).spent, true)
    // What counts for a time is free again when the longest of it is.
    const [hour, day] = limitsOver([child], []).slice(1)
    assert.ok(hour && day)
    const timed = async () => peekBudgets(parts, [hour, day], other, parts.clock.now())
    assert.equal((await timed()).retryAt, at + 86_400_000)
    assert.ok((await take(parts, fresh.takings.slice(1, 2))).done.committed)
    assert.equal((await timed()).retryAt, at + 86_400_000)
    // Only what has left its window is forgotten on the way.
    parts.clock.advance(3_600_000)
    assert.deepEqual(
      (await timed()).takings.map(({ name, sweepTo }) => [name, sweepTo]),
      [
        [hourly.name, at],
        [daily.name, undefined],
      ],
    )
  })

  test('of a task are counted somewhere, and a standing limit may be gone', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [] })
    const nowhere = { owner: task.id, limit: CALLS, whose: 'own' as const }
    const look = (whose: CountedLimit['whose']) =>
      peekBudgets(parts, [{ ...nowhere, whose }], decimal('1'), parts.clock.now())
    await assert.rejects(look('own'), /without a count/)
    await assert.rejects(look('above'), /without a count/)
    const { peeks, takings } = await look({ kind: 'organization', id: 'organization' })
    assert.deepEqual([peeks, takings], [[], []])
  })

  test('of one name are counted apart for each task', async (t) => {
    const parts = await begin(t)
    const parent = await openedTask(parts, { budget: [CALLS] })
    const child = await openedTask(parts, {
      ...{ parentId: parent.id, rootId: parent.id, budget: [CALLS, SUM] },
    })
    await take(parts, [taking(parent, CALLS, 4n), taking(child, SUM, 5_000_000n)])
    const over = limitsOver([child, parent], [])
    const { peeks, spent } = await peekBudgets(parts, over, decimal('0'), parts.clock.now())
    assert.deepEqual(
      peeks.map(({ detail }) => detail.split(' used')[0]),
      ['0 of 5', '500.00 of 500.00', '4 of 5'],
    )
    assert.equal(spent, false, 'a sum that is used up does not end a task')
  })

  test('over a time have no time at which what cannot be counted fits', async (t) => {
    const parts = await begin(t)
    const hourly: Limit = { ...SUM, name: `${SUM.name} in 1 h`, seconds: 3_600 }
    const task = await openedTask(parts, { budget: [hourly] })
    await take(parts, [taking(task, hourly, 5_000_000n)])
    const look = (call: ReturnType<typeof refundOf>) =>
      peekBudgets(parts, limitsOver([task], []), call, parts.clock.now())
    const { peeks, retryAt, takings } = await look(refundOf())
    assert.deepEqual([peeks[0]?.reason, retryAt, takings], ['budget.uncountable', undefined, []])
    assert.equal((await look(decimal('1'))).retryAt, parts.clock.now() + 3_600_000)
  })

  test('are never exceeded by 64 at once, across a tree', async (t) => {
    const parts = await begin(t)
    const parent = await openedTask(parts, { budget: [SUM, { ...CALLS, most: '40' }] })
    const child = await openedTask(parts, {
      parentId: parent.id,
      rootId: parent.id,
      budget: [{ ...SUM, most: '200.00' }],
    })
    const amount = 300_000n // 30.00
    const own = { ...SUM, most: '200.00' }
    const refund = (task: Task) => taking(task, task === child ? own : SUM, amount)
    const calls = taking(parent, { ...CALLS, most: '40' }, 1n)
    const done = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        take(parts, [calls, refund(parent), ...(i % 2 ? [refund(child)] : [])]),
      ),
    )
    const byChild = done.filter(({ done: { committed } }, i) => committed && i % 2 === 1).length
    const all = done.filter(({ done: { committed } }) => committed).length
    assert.equal(all, 16, 'as many as 500.00 has of 30.00')
    assert.ok(byChild <= 6, 'as many as 200.00 has of 30.00')
    assert.deepEqual(
      new Set(await usedOf(parts, parent)),
      new Set([BigInt(all) * amount, BigInt(all)]),
    )
    assert.deepEqual(await usedOf(parts, child), [BigInt(byChild) * amount])
  })

  test('come back once', async (t) => {
    const parts = await begin(t)
    const task = await openedTask(parts, { budget: [CALLS] })
    const calls = taking(task, CALLS, 1n)
    await take(parts, [calls])
    const { id } = await take(parts, [calls])
    const steps = await giveBackSteps(parts, id)
    const done = await Promise.all([parts.storage.commit(steps), parts.storage.commit(steps)])
    assert.deepEqual(done.map(({ committed }) => committed).toSorted(), [false, true])
    assert.deepEqual(await usedOf(parts, task), [1n])
    assert.deepEqual(await giveBackSteps(parts, id), [])
  })

  test('say before a call what is left, of every task above too', async (t) => {
    const parts = await begin(t)
    const parent = await openedTask(parts, { budget: [SUM] })
    const child = await openedTask(parts, {
      parentId: parent.id,
      rootId: parent.id,
      budget: [CALLS],
    })
    const over = limitsOver([child, parent], [])
    const now = parts.clock.now()
    await take(parts, [taking(parent, SUM, 4_500_000n)])
    const fits = await peekBudgets(parts, over, decimal('50'), now)
    assert.deepEqual(fits.peeks, [
      { name: 'calls', left: true, detail: '0 of 5 used' },
      {
        name: SUM.name,
        left: true,
        detail: '450.00 of 500.00 used together with the tasks around it, this call takes 50.00',
      },
    ])
    const left = async (call: ReturnType<typeof refundOf>) =>
      (await peekBudgets(parts, over, call, now)).peeks.map((peek) => peek.reason ?? peek.left)
    assert.deepEqual(await left(decimal('50.0001')), [true, false])
    assert.deepEqual(await left(integer('9223372036854775807')), [true, false])
    assert.deepEqual(await left(decimal('-1')), [true, 'budget.uncountable'])
    assert.deepEqual(await left(refundOf()), [true, 'budget.uncountable'])
    const other = await peekBudgets(parts, over, { ...refundOf(), action: 'orders.read' }, now)
    assert.deepEqual(other.takings, [taking(child, CALLS, 1n)])
  })

  test('close the task when its own calls are used up, and never cut what is on its way', async (t) => {
    const parts = await begin(t)
    const parent = await openedTask(parts, { budget: [{ ...CALLS, most: '1' }] })
    const child = await openedTask(parts, { parentId: parent.id, rootId: parent.id })
    const seen: (readonly string[])[] = []
    const idle = (is: boolean) => async (_: unknown, ids: readonly string[]) => {
      seen.push(ids)
      return is
    }
    assert.equal(await closeSpent(parts, parent.id, idle(true)), false, 'nothing is used')
    await take(parts, [taking(parent, { ...CALLS, most: '1' }, 1n)])
    assert.equal(await closeSpent(parts, child.id, idle(true)), false, 'not its own')
    assert.equal(await closeSpent(parts, parent.id, idle(false)), false, 'not idle')
    assert.equal(await closeSpent(parts, parent.id, idle(true)), true)
    assert.deepEqual(new Set(seen.at(-1)), new Set([parent.id, child.id]))
    const { read } = parts.storage
    assert.equal((await findTask(read, parent.id))?.closeReason, 'budget')
    assert.equal((await findTask(read, child.id))?.closeReason, 'parent.closed')
    assert.equal(await closeSpent(parts, parent.id, idle(true)), false, 'closed before')
  })
})
