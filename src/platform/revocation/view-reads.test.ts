import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { LEASE_MS } from './lease.ts'
import type { Live } from './live.ts'
import type { LiveKey } from './live-state.ts'
import { StateCache } from './state-cache.ts'
import { ManualTime, watched } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }
const AGENT: LiveKey = { kind: 'agent', id: 'refund-bot' }

async function world(storage: Storage) {
  const time = new ManualTime()
  const replica = await watched(time, storage)
  await storage.transaction(async (tx) => {
    for (const key of [TASK, AGENT]) await replica.live.begin(tx, key)
  })
  /** Raises a key as another replica would: this one learns of it with its next renewal. */
  const raise = (key: LiveKey) => storage.transaction((tx) => replica.live.raise(tx, [key]))
  const count = (point: string) => replica.points.filter((each) => each === point).length
  /** Does something else, once, while the first read of the store is held. */
  const duringFirstRead = (work: () => Promise<unknown>) => {
    let isDone = false
    replica.meet(async (point) => {
      if (point !== 'read' || isDone) return
      isDone = true
      await work()
    })
  }
  return { time, ...replica, raise, count, duringFirstRead }
}

function epochsOf(view: Awaited<ReturnType<Live['view']>>): readonly number[] {
  return view.states.map(({ epoch }) => epoch)
}

forEachEngine('reads of a view', (open) => {
  test('what was read under the lease is at hand, no key twice, until the lease is over', async () => {
    const { live, points, time } = await world(await open())
    assert.equal(live.viewAtHand([TASK]), undefined, 'nothing was read yet')
    const view = await live.view([TASK, AGENT])
    points.length = 0
    assert.equal(live.viewAtHand([TASK, AGENT])?.hash, view.hash)
    assert.equal(live.viewAtHand([TASK, TASK])?.states.length, 1)
    assert.deepEqual(points, [], 'without the store')
    time.advance(LEASE_MS)
    assert.equal(live.viewAtHand([TASK, AGENT]), undefined)
  })

  test('a view under the lease renews nothing, and reads only what is not at hand', async () => {
    const { count, live, raise } = await world(await open())
    await live.view([TASK])
    await raise(TASK)
    assert.deepEqual(epochsOf(await live.view([TASK, AGENT])), [1, 1], 'the task is not read again')
    assert.equal(count('transaction'), 0)
    assert.equal(count('read'), 2)
  })

  test('a read that was overtaken takes what another has read since', async () => {
    const { count, duringFirstRead, live, raise } = await world(await open())
    duringFirstRead(async () => {
      await raise(TASK)
      await live.renew()
      await live.view([TASK])
    })
    const view = await live.view([TASK])
    assert.deepEqual([epochsOf(view), live.holds(view)], [[2], true])
    assert.equal(count('read'), 2)
  })

  test('where one of several keys was overtaken, the view is read again', async () => {
    const { duringFirstRead, live, raise } = await world(await open())
    duringFirstRead(async () => {
      await raise(TASK)
      await live.renew()
    })
    const view = await live.view([TASK, AGENT])
    assert.deepEqual([epochsOf(view), live.holds(view)], [[2, 1], true])
  })

  test('a read that is overtaken each time ends after five, with a view that does not hold', async () => {
    const { count, live, meet, raise } = await world(await open())
    meet(async (point) => {
      if (point !== 'read' || count('read') > 8) return
      await raise(TASK)
      await live.renew()
    })
    const view = await live.view([TASK])
    assert.equal(count('read'), 5)
    assert.deepEqual([epochsOf(view), view.dead, live.holds(view)], [[5], [], false])
  })

  test('the second time everything is read: changes in turn cannot keep a view from an end', async () => {
    const { count, live, meet, raise } = await world(await open())
    await live.view([TASK])
    const before = count('read')
    meet(async (point) => {
      const read = count('read') - before
      if (point !== 'read' || read > 8) return
      await raise(read % 2 === 1 ? TASK : AGENT)
      await live.renew()
    })
    const view = await live.view([TASK, AGENT])
    assert.equal(count('read') - before, 5)
    assert.deepEqual([view.dead, live.holds(view)], [[], false])
  })

  test('a renewal that took as long as the lease gives no right to what is read after it', async () => {
    const { count, live, meet, time } = await world(await open())
    time.advance(LEASE_MS)
    meet((point) => {
      if (point === 'time' && count('time') === 1) time.advance(LEASE_MS)
    })
    const view = await live.view([TASK])
    assert.equal(live.holds(view), true)
    assert.deepEqual([count('transaction'), count('read')], [2, 2])
  })

  test('no read is kept in mind when it has ended, also by an error', async (t) => {
    const { live, meet } = await world(await open())
    const begun = t.mock.method(StateCache.prototype, 'beginRead')
    const ended = t.mock.method(StateCache.prototype, 'endRead')
    await live.view([TASK])
    meet((point) => {
      if (point === 'read') throw new Error('cut off')
    })
    await assert.rejects(async () => live.view([AGENT]), { message: 'cut off' })
    const reads = begun.mock.calls.map(({ result }) => result)
    assert.equal(reads.length, 2)
    assert.deepEqual(
      ended.mock.calls.map(({ arguments: [read] }) => read),
      reads,
    )
  })

  test('states of a running call are pinned until it ends, and released once', async (t) => {
    const { live } = await world(await open())
    const view = await live.view([TASK, AGENT])
    const pinned = t.mock.method(StateCache.prototype, 'pin')
    const released = t.mock.method(StateCache.prototype, 'unpin')
    const release = live.pin(view)
    assert.deepEqual(
      pinned.mock.calls.map(({ arguments: [states] }) => states),
      [view.states],
    )
    assert.equal(released.mock.callCount(), 0)
    release()
    release()
    assert.deepEqual(
      released.mock.calls.map(({ arguments: [states] }) => states),
      [view.states],
    )
  })
})
