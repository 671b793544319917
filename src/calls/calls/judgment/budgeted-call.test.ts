import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { budgetUse, type Limit } from '../../../tasks/budgets/index.ts'
import { findDecision } from '../../../tasks/decision-log/decision-store.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { decideCall } from '../decide-call.ts'
import { recordOutcome } from '../outcome.ts'
import { recover } from '../recover.ts'
import { type HeldTask, READ, refund, type World, worldsOver } from '../testing.ts'
import { limited } from './testing.ts'

const calls = (most: number): Limit => ({ name: 'calls', kind: 'calls', most: String(most) })
const sum = (most: string): Limit => ({
  name: 'orders.refund/amount',
  kind: 'sum',
  action: 'orders.refund',
  path: '/amount',
  most,
})

forEachEngine('a call under a budget', (open) => {
  const worlds = worldsOver(open)

  async function begin(budget: readonly Limit[], parent?: HeldTask, t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await limited(world, budget, parent)
    return { world, held, token: await world.token(held) }
  }

  async function used(world: World, held: HeldTask, budget: readonly Limit[]) {
    const task = await findTask(world.parts.storage.read, held.opened.task.id)
    assert.ok(task)
    assert.deepEqual(task.budget, budget)
    return (await budgetUse(world.parts, task)).map((limit) => limit.used)
  }

  test('is permitted while something is left, and refused after, in words', async () => {
    const budget = [sum('150.00')]
    const { held, token, world } = await begin(budget)
    const first = await world.decide(held, token, refund('90.00'))
    assert.equal(first.outcome, 'permit')
    const second = await world.decide(held, token, refund('60.01'))
    assert.ok(second.outcome === 'deny')
    assert.equal(second.reason, 'budget.exhausted')
    assert.match(second.detail, /90.00 of 150.00 used, this call takes 60.01/)
    const row = await findDecision(world.parts.storage.read, second.decisionId)
    assert.deepEqual(
      [row?.outcome, row?.reason, row?.state],
      ['deny', 'budget.exhausted', 'decided'],
    )
    assert.equal((await world.decide(held, token, refund('60.00'))).outcome, 'permit')
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit', 'reading costs nothing')
    assert.deepEqual(await used(world, held, budget), ['150.00'])
  })

  test('that is over its budget asks nobody', async () => {
    const { held, token, world } = await begin([sum('500.00')])
    const verdict = await world.decide(held, token, refund('900.00'))
    assert.ok(verdict.outcome === 'deny')
    assert.equal(verdict.reason, 'budget.exhausted')
  })

  test('that was approved takes it, and an approval lost for want of budget is not used', async () => {
    const budget = [sum('1000.00')]
    const { held, token, world } = await begin(budget)
    const request = await world.approved(held, token, refund('900.00'))
    const big = await world.approved(held, token, refund('950.00'))
    assert.equal((await world.decide(held, token, refund('900.00'))).outcome, 'permit')
    const other = await world.decide(held, token, refund('950.00'))
    assert.ok(other.outcome === 'deny')
    assert.equal(other.reason, 'budget.exhausted')
    const { requestId } = (await findDecision(world.parts.storage.read, other.decisionId)) ?? {}
    assert.equal(requestId, null)
    assert.notEqual(big.id, request.id)
    assert.deepEqual(await used(world, held, budget), ['900.00'])
  })

  for (const many of [5, 20])
    test(`64 at once: exactly ${many} of ${many}, each recorded`, async () => {
      const budget = [calls(many)]
      const { held, token, world } = await begin(budget)
      const made = await Promise.all(
        Array.from({ length: 64 }, () => world.call(held, token, READ)),
      )
      const verdicts = await Promise.all(made.map((call) => decideCall(world.parts, call)))
      assert.equal(verdicts.filter(({ outcome }) => outcome === 'permit').length, many)
      for (const verdict of verdicts) {
        if (verdict.outcome === 'permit') continue
        assert.ok(verdict.outcome === 'deny')
        assert.equal(verdict.reason, 'budget.exhausted')
        const row = await findDecision(world.parts.storage.read, verdict.decisionId)
        assert.deepEqual([row?.outcome, row?.state], ['deny', 'decided'])
      }
      assert.deepEqual(await used(world, held, budget), [String(many)])
    })

  test('64 at once by a parent and its child together never exceed what the parent has', async () => {
    const above = [sum('100.00')]
    const parent = await begin(above)
    const own = [sum('45.00')]
    const child = await begin(own, parent.held)
    const { world } = parent
    const made = await Promise.all(
      Array.from({ length: 64 }, (_, i) => {
        const by = i % 2 ? child : parent
        return world.call(by.held, by.token, refund('10.00'))
      }),
    )
    const verdicts = await Promise.all(made.map((call) => decideCall(world.parts, call)))
    const byChild = verdicts.filter(({ outcome }, i) => outcome === 'permit' && i % 2 === 1).length
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'permit').length, 10)
    assert.ok(byChild <= 4)
    assert.deepEqual(await used(world, parent.held, above), ['100.00'])
    assert.deepEqual(await used(world, child.held, own), [`${byChild * 10}.00`])
  })

  test('gives back what was provably not sent, once, and nothing else', async (t) => {
    const budget = [calls(3), sum('100.00')]
    const { held, token, world } = await begin(budget, undefined, t)
    const { parts } = world
    const permit = async () => {
      const verdict = await world.decide(held, token, refund('30.00'))
      assert.ok(verdict.outcome === 'permit')
      return verdict.decisionId
    }
    const unsent = await permit()
    const done = await Promise.all(
      Array.from({ length: 4 }, () =>
        recordOutcome(parts, unsent, { state: 'not_sent', reason: 'upstream.unreachable' }),
      ),
    )
    assert.equal(done.filter(Boolean).length, 1)
    assert.equal(await recordOutcome(parts, unsent, { state: 'not_sent' }), false)
    assert.deepEqual(await used(world, held, budget), ['0', '0.00'])
    await recordOutcome(parts, await permit(), { state: 'failed', reason: 'upstream.cut' })
    await recordOutcome(parts, await permit(), { state: 'answered', status: 500 })
    await permit()
    const crashed = {
      ...parts,
      live: {
        ...parts.live,
        ...{ replicaId: 'rpl_other', replicas: async () => [], mayJudgeOthers: () => true },
      },
    }
    assert.equal(await recover(crashed as unknown as typeof parts), 1) // as: only what `recover` asks of live
    assert.deepEqual(await used(world, held, budget), ['3', '90.00'])
  })

  test('closes its task with the first refusal after the last call ended', async () => {
    const { held, token, world } = await begin([calls(1)])
    const { parts } = world
    const stateOf = async () => {
      const task = await findTask(parts.storage.read, held.opened.task.id)
      return [task?.state, task?.closeReason]
    }
    const verdict = await world.decide(held, token, READ)
    assert.ok(verdict.outcome === 'permit')
    assert.deepEqual(await stateOf(), ['open', null])
    const refused = async () => {
      const answer = await world.decide(held, token, READ)
      return 'reason' in answer && answer.reason
    }
    assert.equal(await refused(), 'budget.exhausted')
    assert.deepEqual(await stateOf(), ['open', null], 'a call in flight is not cut')
    await recordOutcome(parts, verdict.decisionId, { state: 'answered', status: 200 })
    assert.equal(await refused(), 'budget.exhausted')
    assert.deepEqual(await stateOf(), ['closed', 'budget'])
    assert.equal(await refused(), 'task.closed')
  })

  test('random trees and outcomes: used is exactly what was sent or may have been', async () => {
    const world = await worlds.shared()
    const cents = fc.integer({ min: 1, max: 9999 })
    const step = fc.record({
      by: fc.nat(),
      cents,
      outcome: fc.constantFrom('answered', 'failed', 'not_sent', 'none' as const),
    })
    const shape = fc.record({
      parents: fc.array(fc.nat(), { minLength: 0, maxLength: 3 }),
      most: fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 4, maxLength: 4 }),
      steps: fc.array(step, { minLength: 1, maxLength: 10 }),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ most, parents, steps }) => {
        const tree = [await treeTask(world, undefined, most[0])]
        for (const [i, at] of parents.entries())
          tree.push(await treeTask(world, tree[at % tree.length], most[i + 1]))
        await Promise.all(steps.map((each) => play(world, tree, each)))
        for (const task of tree) {
          const [calls, amount] = await used(world, task.held, task.budget)
          assert.equal(BigInt(calls ?? ''), task.calls)
          assert.equal(BigInt((amount ?? '').replace('.', '')), task.cents)
          assert.ok(task.cents <= BigInt(task.most))
        }
      }),
      { numRuns: 12 },
    )
  })

  interface TreeTask {
    readonly held: HeldTask
    readonly token: string
    readonly above: TreeTask | undefined
    readonly budget: readonly Limit[]
    readonly most: number
    /** Calls that were sent, or may have been, by this task and all tasks below it. */
    calls: bigint
    cents: bigint
  }

  async function treeTask(world: World, above: TreeTask | undefined, most = 1): Promise<TreeTask> {
    const budget = [calls(8), sum((most / 100).toFixed(2))]
    const held = await limited(world, budget, above?.held)
    return { held, token: await world.token(held), above, budget, most, calls: 0n, cents: 0n }
  }

  async function play(
    world: World,
    tree: readonly TreeTask[],
    step: { by: number; cents: number; outcome: 'answered' | 'failed' | 'not_sent' | 'none' },
  ): Promise<void> {
    const task = tree[step.by % tree.length]
    assert.ok(task)
    const wish = refund((step.cents / 100).toFixed(2))
    const verdict = await world.decide(task.held, task.token, wish)
    if (verdict.outcome !== 'permit') return
    if (step.outcome !== 'none')
      await recordOutcome(world.parts, verdict.decisionId, { state: step.outcome })
    if (step.outcome === 'not_sent') return
    for (let each: TreeTask | undefined = task; each; each = each.above) {
      each.calls++
      each.cents += BigInt(step.cents)
    }
  }
})
