import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { LEASE_MS } from './lease.ts'
import { Live } from './live.ts'
import { type LiveKey, type LiveState, ORGANIZATION } from './live-state.ts'
import { ManualTime, watched } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }
const AGENT: LiveKey = { kind: 'agent', id: 'refund-bot' }

async function replica(time: ManualTime, storage: Storage): Promise<Live> {
  const { clock, wait } = time
  const live = new Live({ storage: time.over(storage), clock, wait, random: systemRandom })
  await live.renew()
  await storage.transaction(async (tx) => {
    for (const key of [ORGANIZATION, TASK, AGENT]) await live.begin(tx, key)
  })
  return live
}

async function change(storage: Storage, by: Live, key: LiveKey, state?: LiveState['state']) {
  const raise = { ...key, ...(state === undefined ? {} : { state }) }
  await storage.transaction((tx) => by.raise(tx, [raise]))
}

forEachEngine('views that are read again', (open) => {
  test('core M1: a lease that ran out is no change: what is as it was holds again', async () => {
    const time = new ManualTime()
    const live = await replica(time, await open())
    const view = await live.view([ORGANIZATION, TASK, AGENT])
    time.advance(LEASE_MS + 1)
    assert.equal(live.holds(view), false, 'nothing holds without a lease')
    assert.equal(await live.stillHold([view]), true)
    assert.equal(live.inForce, true)
    const [now] = (await live.again([view])) ?? []
    assert.equal(now?.hash, view.hash)
    assert.equal(now && live.holds(now), true)
  })

  test('core M1: what changed while the lease was over is told as a change', async () => {
    const time = new ManualTime()
    const storage = await open()
    const [live, other] = [await replica(time, storage), await replica(time, storage)]
    for (const state of [undefined, 'suspended', 'active'] as const) {
      const view = await live.view([ORGANIZATION, TASK, AGENT])
      time.advance(LEASE_MS + 1)
      await other.renew()
      await change(storage, other, AGENT, state)
      assert.equal(await live.stillHold([view]), false, state ?? 'raised')
    }
  })

  test('core M1: what changed under the lease is a change at once, and needs no store', async () => {
    const time = new ManualTime()
    const storage = await open()
    const [live, other] = [await replica(time, storage), await replica(time, storage)]
    const view = await live.view([ORGANIZATION, TASK, AGENT])
    await change(storage, other, TASK)
    assert.equal(live.isHistory(view), false)
    await live.renew()
    assert.equal(live.isHistory(view), true)
    assert.equal(await live.again([view]), undefined)
  })

  test('core M1: where the store does not come back, the answer is that nobody knows', async () => {
    const time = new ManualTime()
    const storage = await open()
    let isAway = false
    const { clock, wait } = time
    const over = time.over(storage, async () => {
      if (isAway) throw new Problem('storage.unavailable', 'away')
    })
    const live = new Live({ storage: over, clock, wait, random: systemRandom })
    await live.renew()
    await storage.transaction((tx) => live.begin(tx, TASK))
    const view = await live.view([TASK])
    time.advance(LEASE_MS + 1)
    isAway = true
    const looking = assert.rejects(live.stillHold([view]), { code: 'live.lease_over' })
    await time.pass(10_000)
    await looking
  })

  test('what is known to have changed is told without the store, in whichever view it is', async () => {
    const storage = await open()
    const { live, points } = await watchedWith(storage)
    const [task, agent] = [await live.view([TASK]), await live.view([AGENT])]
    await change(storage, live, AGENT)
    await live.renew()
    points.length = 0
    assert.equal(await live.again([task, agent]), undefined)
    assert.deepEqual(points, [])
  })

  test('one view of several that has changed is a change, though nothing here knew of it', async () => {
    const storage = await open()
    const { live, time } = await watchedWith(storage)
    const [task, agent] = [await live.view([TASK]), await live.view([AGENT])]
    await change(storage, live, AGENT)
    time.advance(LEASE_MS)
    assert.equal(await live.again([task, agent]), undefined)
    assert.equal((await live.again([task]))?.length, 1)
  })

  test('where the store went back while a view was read again, equal numbers prove nothing', async () => {
    const storage = await open()
    let future = 'one'
    const { live, time } = await watchedWith({ ...storage, lineage: () => future })
    const [task, agent] = [await live.view([TASK]), await live.view([AGENT])]
    time.advance(LEASE_MS)
    future = 'two'
    assert.equal(await live.again([task, agent], TASK), undefined)
  })

  test('a view of nothing, and one that did not permit before, does not hold again', async () => {
    const storage = await open()
    const { live } = await watchedWith(storage)
    assert.equal(await live.again([await live.view([])]), undefined)
    await change(storage, live, AGENT, 'suspended')
    await live.renew()
    const [task, suspended] = [await live.view([TASK]), await live.view([AGENT])]
    assert.equal(await live.again([suspended]), undefined)
    assert.equal(await live.stillHold([task, suspended]), false)
  })

  test('the key that may have changed is one key, by its kind and its id', async () => {
    const storage = await open()
    const twins: readonly LiveKey[] = [
      { kind: 'agent', id: TASK.id },
      { kind: 'task', id: AGENT.id },
    ]
    const { live } = await watchedWith(storage, twins)
    for (const changed of [TASK, ...twins]) {
      const view = await live.view([TASK, ...twins, AGENT])
      await change(storage, live, changed)
      assert.equal(live.isHistory(view, TASK), false)
      await live.renew()
      assert.equal(live.isHistory(view, TASK), changed !== TASK)
      assert.equal((await live.again([view], TASK)) === undefined, changed !== TASK)
      assert.equal(live.isHistory(view), true)
    }
  })

  test('a lease that runs out at each look ends the looks after five', async () => {
    const { live, meet, points, time } = await watchedWith(await open())
    const view = await live.view([TASK])
    time.advance(LEASE_MS)
    points.length = 0
    const reads = () => points.filter((point) => point === 'read').length
    meet((point) => {
      if (point === 'read' && reads() < 9) time.advance(LEASE_MS)
    })
    await assert.rejects(live.stillHold([view]), { code: 'live.lease_over' })
    assert.equal(reads(), 5)
  })

  test('only a pause of the store is waited for, and then for a fifth of a second between two tries', async () => {
    const { live, meet, points, time } = await watchedWith(await open())
    const view = await live.view([TASK])
    time.advance(LEASE_MS)
    for (const error of [new Problem('storage.newer', 'migrated'), new Error('a mistake')]) {
      points.length = 0
      meet(() => {
        throw error
      })
      await assert.rejects(live.again([view]), error)
      assert.equal(points.length, 1, 'one try')
    }
    points.length = 0
    meet(() => {
      throw new Problem('storage.unavailable', 'away')
    })
    const looking = live.again([view])
    await time.rest()
    meet(() => {})
    time.advance(199)
    await time.rest()
    assert.equal(points.length, 1)
    time.advance(1)
    await time.rest()
    assert.ok(points.length > 1)
    assert.equal((await looking)?.length, 1)
  })

  test('nothing is waited for when the views have been read again', async () => {
    const { live, time, waits } = await watchedWith(await open())
    const view = await live.view([TASK])
    time.advance(LEASE_MS)
    waits.length = 0
    await live.again([view])
    assert.deepEqual(
      waits.map(({ aborted }) => aborted),
      [true],
    )
  })
})

async function watchedWith(storage: Storage, more: readonly LiveKey[] = []) {
  const time = new ManualTime()
  const replica = await watched(time, storage)
  await storage.transaction(async (tx) => {
    for (const key of [TASK, AGENT, ...more]) await replica.live.begin(tx, key)
  })
  return { time, ...replica }
}
