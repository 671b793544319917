import assert from 'node:assert/strict'
import { test } from 'node:test'
import { READ, REFUND_DESK, refund, type World, worldsOver } from '../../../calls/calls/testing.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { closeTask } from '../../../tasks/tasks/index.ts'
import { eraseValues } from '../../retention/erase-values.ts'
import { beginRetention } from '../../retention/index.ts'
import { type Replay, replay } from './replay.ts'
import type { ReplayReport } from './replayer.ts'
import { setsOf } from './sets-of.ts'

async function replayed(
  { parts }: World,
  text: string,
  change: Partial<Replay> = {},
): Promise<ReplayReport> {
  return replay(parts.storage.read, {
    sets: await setsOf(parts, text),
    since: 0,
    until: parts.clock.now(),
    progress: () => {},
    signal: new AbortController().signal,
    ...change,
  })
}

const NO_READING = `${REFUND_DESK}
@id("no-reading") forbid (principal, action == Action::"orders.read", resource);`
const ASKS_TO_READ = `${REFUND_DESK}
@id("reading-asks") @requestable("") @approvers("group:finance")
forbid (principal is Person, action == Action::"orders.read", resource);`

forEachEngine('replay', (open) => {
  const worlds = worldsOver(open)

  async function busy(t: Parameters<typeof worlds.own>[0]): Promise<World> {
    const world = await worlds.own(t)
    const held = await world.open()
    const token = await world.token(held)
    await world.decide(held, token, READ)
    await world.decide(held, token, READ)
    await world.decide(held, token, refund('40.00'))
    await world.decide(held, token, refund('900.00'))
    await world.decide(held, token, refund('900.00'))
    await world.decide(held, token, refund('5000.01'))
    // Stopped before any rule is asked: its task is closed.
    const gone = await world.open()
    const late = await world.token(gone)
    const { id: taskId } = gone.opened.task
    await closeTask(world.parts, { taskId, by: 'psn_admin', reason: 'person' })
    await world.decide(gone, late, READ)
    return world
  }

  test('the policies in force change nothing', { timeout: 60_000 }, async (t) => {
    const world = await busy(t)
    const { asked, groups, ...counts } = await replayed(world, REFUND_DESK)
    assert.deepEqual(groups, [])
    assert.deepEqual(asked, { now: 1, draft: 1 }, 'the same call asks once')
    const { decided, same, stopped, withoutInputs } = counts
    assert.deepEqual([decided, same, stopped, withoutInputs], [6, 6, 1, 0])
  })

  test('newly denied, asked and permitted, with the rules and samples', {
    timeout: 60_000,
  }, async (t) => {
    const world = await busy(t)
    const denied = await replayed(world, NO_READING)
    assert.equal(denied.denied, 2)
    assert.equal(denied.same, 4)
    const [group] = denied.groups
    assert.ok(group)
    const { samples, ...rest } = group
    assert.deepEqual(rest, {
      kind: 'denied',
      agent: 'refund-bot',
      action: 'orders.read',
      rules: ['no-reading'],
      because: 'forbids',
      count: 2,
    })
    assert.equal(samples.length, 2)

    const asking = await replayed(world, ASKS_TO_READ)
    assert.deepEqual([asking.asks, asking.denied, asking.permitted], [2, 0, 0])
    assert.deepEqual(asking.groups[0]?.rules, ['reading-asks'])
    assert.deepEqual(asking.asked, { now: 1, draft: 2 }, 'both reads are the same call')

    const free = REFUND_DESK.replace(/@id\("large-refunds-ask"\)[^;]*;/, '')
    assert.notEqual(free, REFUND_DESK)
    const permitted = await replayed(world, free)
    assert.equal(permitted.permitted, 2)
    const [opened] = permitted.groups
    assert.deepEqual([opened?.because, opened?.rules], ['no_longer_forbids', ['large-refunds-ask']])
    assert.deepEqual(permitted.asked, { now: 1, draft: 0 })
  })

  test('without any rule, what permits now is named', { timeout: 60_000 }, async (t) => {
    const world = await busy(t)
    const { denied, groups } = await replayed(world, '')
    assert.equal(denied, 5)
    const reads = groups.find(({ action }) => action === 'orders.read')
    assert.equal(reads?.because, 'no_longer_permits')
    assert.ok(reads && reads.rules.length > 0)
  })

  test('the books are believed as long as the catalog is what the live version was published into', async (t) => {
    const world = await busy(t)
    await world.parts.storage.transaction(async (tx) => {
      const reads = tx.updateTable('decisions').set({ outcome: 'deny' })
      await reads.where('action', '=', 'orders.read').where('setting', 'is not', null).execute()
    })
    const believed = await replayed(world, REFUND_DESK)
    assert.equal(believed.permitted, 2)
    const sets = { ...(await setsOf(world.parts, REFUND_DESK)), asPublished: false }
    const again = await replayed(world, REFUND_DESK, { sets })
    assert.deepEqual([again.permitted, again.same], [0, 6])
  })

  test('what was erased is counted and not guessed', { timeout: 60_000 }, async (t) => {
    const world = await busy(t)
    await world.parts.storage.transaction(beginRetention)
    const records = await world.parts.recorded()
    const { length } = records
    await eraseValues(world.parts, {
      positions: Array.from({ length }, (_, i) => i),
      by: world.ada.id,
      reason: 'erasure.requested',
    })
    const { decided, stopped, withoutInputs } = await replayed(world, '')
    assert.deepEqual([decided, stopped, withoutInputs], [0, 1, 6])
  })

  test('only a time, or an agent', { timeout: 60_000 }, async (t) => {
    const world = await busy(t)
    assert.equal((await replayed(world, '', { agentId: 'nobody' })).decided, 0)
    assert.equal((await replayed(world, '', { agentId: 'refund-bot' })).decided, 6)
    assert.equal((await replayed(world, '', { since: world.parts.clock.now() + 1 })).decided, 0)
  })

  test('one at a time; whoever goes away ends it, and the next may begin', {
    timeout: 60_000,
  }, async (t) => {
    const world = await busy(t)
    const gone = new AbortController()
    const first = replayed(world, '', { signal: gone.signal })
    gone.abort(new Error('gone'))
    const second = replayed(world, '')
    await assert.rejects(
      second,
      (error) => error instanceof Problem && error.code === 'policy.replay_running',
    )
    await assert.rejects(first, /gone/)
    assert.equal((await replayed(world, '')).decided, 6)
  })
})
