import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { LEASE_MS } from './lease.ts'
import { Live } from './live.ts'
import { type LiveKey, type LiveState, ORGANIZATION } from './live-state.ts'
import { ManualTime } from './testing.ts'

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
})
