import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { Live } from './live.ts'
import type { LiveKey } from './live-state.ts'
import { ManualTime } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }
const AGENT: LiveKey = { kind: 'agent', id: 'refund-bot' }
/** Number of calls, more than there are connections for them. */
const CALLS = 30

function liveOn(storage: Storage): Live {
  return new Live({ storage, clock: systemClock, random: systemRandom })
}

forEachEngine('what must wait behind no call', (open) => {
  test('C6: while calls hold every connection and more wait, leases are renewed and access is taken away', async () => {
    const storage = await open()
    if (storage.engine === 'sqlite') return // one writer, and nobody holds it for long
    const live = liveOn(storage)
    await live.renew()
    await storage.transaction((tx) => live.begin(tx, TASK))
    const done = Promise.withResolvers<void>()
    const calls = Array.from({ length: CALLS }, () =>
      storage.transaction(async (tx) => {
        await tx.selectFrom('meta').selectAll().execute()
        await done.promise
      }),
    )
    const view = await live.view([TASK])
    await live.renew()
    assert.equal(live.holds(view), true)
    const change = await storage.lanes.revocation.transaction((tx) =>
      live.raise(tx, [{ ...TASK, state: 'ended' }]),
    )
    await live.settle(change)
    assert.equal(live.holds(view), false)
    assert.deepEqual(await live.replicas(), [live.replicaId])
    done.resolve()
    await Promise.all(calls)
  })

  test('C10: a server that stalls while it revokes is let go of, and the others revoke without asking again', async () => {
    const storage = await open()
    if (storage.engine === 'sqlite') return // one process
    const live = liveOn(storage)
    await live.renew()
    await storage.transaction(async (tx) => {
      await live.begin(tx, TASK)
      await live.begin(tx, AGENT)
    })
    const raised = Promise.withResolvers<void>()
    const wakes = Promise.withResolvers<void>()
    const stalled = storage.transaction(async (tx) => {
      const change = await live.raise(tx, [{ ...AGENT, state: 'ended' }])
      raised.resolve()
      await wakes.promise
      return change
    })
    await raised.promise
    const change = await storage.lanes.revocation.transaction((tx) =>
      live.raise(tx, [{ ...TASK, state: 'ended' }]),
    )
    assert.equal(change.states.length, 1)
    wakes.resolve()
    // Whoever asked for it is told that it was not done.
    await assert.rejects(stalled, { code: 'storage.unavailable' })
    assert.equal(live.holds(await live.view([AGENT])), true)
    assert.equal((await live.view([TASK])).dead.length, 1)
  })

  test('C13: a row that is leased far into the future, because the clock was set back, delays revocations for one lease', async () => {
    const storage = await open()
    const time = new ManualTime()
    const { clock, wait } = time
    const live = new Live({ storage: time.over(storage), clock, wait, random: systemRandom })
    await live.renew()
    await storage.transaction(async (tx) => {
      await live.begin(tx, TASK)
      const lease_until = clock.now() + 3_600_000
      await tx
        .insertInto('live_replicas')
        .values({ id: 'dead', lease_until, acknowledged: 0, started_at: 0, schema: 1 })
        .execute()
    })
    assert.deepEqual((await live.replicas()).length, 2)
    for (let second = 0; second < 6; second++) {
      await time.pass(1_000)
      await live.renew()
      await live.replicas()
    }
    assert.deepEqual(await live.replicas(), [live.replicaId])
  })
})
