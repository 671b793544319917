import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { consumeOnceStep, Guard, type Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { LEASE_MS } from './lease.ts'
import { Live } from './live.ts'
import type { LiveKey } from './live-state.ts'
import { ManualTime, type Point, SleepyClock } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }
const LEASE_OVER = { code: 'live.lease_over' }
const CLOCK_OFF = { code: 'server.clock_off' }

async function world(storage: Storage) {
  const time = new ManualTime()
  const server = async (
    clock: Clock = time.clock,
    hold?: (point: Point) => Promise<void>,
  ): Promise<Live> => {
    const { wait } = time
    const live = new Live({ storage: time.over(storage, hold), clock, wait, random: systemRandom })
    await live.renew()
    await storage.transaction((tx) => live.begin(tx, TASK))
    return live
  }
  /** Ends the task at `by`, and lets the time pass that this takes. */
  const revoke = async (by: Live) => {
    const change = await storage.transaction((tx) => by.raise(tx, [{ ...TASK, state: 'ended' }]))
    let done = false
    const settling = by.settle(change).then(() => {
      done = true
    })
    while (!done) await time.pass(100)
    await settling
  }
  const UNUSED = new Guard('unused')
  let used = 0
  /** Something that is issued. */
  const issue = (by: Live) =>
    by.commit(storage, [
      consumeOnceStep(storage.read, UNUSED, { kind: 'proof', key: `p${used++}`, expiresAt: 0 }),
    ])
  const issued = async () =>
    (await storage.read.selectFrom('used_once').selectAll().execute()).length
  return { time, server, revoke, issue, issued }
}

/** Removes what is gone when a server that was silent for a minute comes back. */
async function forget(storage: Storage): Promise<void> {
  await storage.transaction(async (tx) => {
    await tx.deleteFrom('live_replicas').execute()
    await tx.deleteFrom('live_changes').execute()
  })
}

forEachEngine('C1: a server that slept', (open) => {
  test('for longer than its lease: whatever its clocks say, it issues nothing, and knows nothing after its next renewal', async () => {
    const storage = await open()
    const { issue, issued, revoke, server, time } = await world(storage)
    const awake = await server()
    const clock = new SleepyClock(time.clock, false)
    const slept = await server(clock)
    const view = await slept.view([TASK])
    await time.pass(900)
    clock.sleep()
    await revoke(awake)
    clock.wake()
    assert.equal(slept.holds(view), true, 'no clock of its own noticed anything')
    await assert.rejects(issue(slept), LEASE_OVER)
    assert.equal(await issued(), 0)
    assert.equal(slept.holds(view), false, 'it has lost what it knew')
    await slept.renew()
    assert.equal(slept.holds(view), false)
    assert.equal((await slept.view([TASK])).dead.length, 1)
    assert.deepEqual(await issue(slept), { committed: true })
  })

  test('its next renewal drops everything by itself, with row and changes still there or long gone', async () => {
    for (const gone of [false, true]) {
      const storage = await open()
      const { revoke, server, time } = await world(storage)
      const awake = await server()
      const clock = new SleepyClock(time.clock, false)
      let held: (() => boolean) | undefined
      let heldAtCommit = true
      const slept = await server(clock, async (point) => {
        if (point === 'committed' && held) heldAtCommit = held()
      })
      const view = await slept.view([TASK])
      await time.pass(900)
      clock.sleep()
      await revoke(awake)
      if (gone) await forget(storage)
      clock.wake()
      const dropped: string[] = []
      held = () => slept.holds(view)
      slept.onChange((states) => dropped.push(...states.map(({ id }) => id)))
      await slept.renew()
      assert.equal(heldAtCommit, false, 'before the others can see that it renewed')
      assert.equal(slept.holds(view), false)
      assert.ok(dropped.includes(TASK.id), 'streams are cut')
      for (let more = 0; more < 20; more++) {
        await time.pass(1_000)
        await slept.renew()
        assert.equal(slept.holds(view), false)
      }
    }
  })

  for (const seconds of [12, 150])
    test(`a machine that slept for ${seconds} s and whose wall clock is right: nothing holds from its first tick`, async () => {
      const storage = await open()
      const { issue, revoke, server, time } = await world(storage)
      const awake = await server()
      const clock = new SleepyClock(time.clock, true)
      const slept = await server(clock)
      const view = await slept.view([TASK])
      clock.sleep()
      await revoke(awake)
      await time.pass(seconds * 1_000)
      if (seconds > 60) await forget(storage)
      clock.wake()
      assert.equal(slept.holds(view), false)
      await assert.rejects(issue(slept), LEASE_OVER)
      assert.equal((await slept.view([TASK])).dead.length, 1)
    })

  for (const seconds of [12, 150])
    test(`a guest that was paused for ${seconds} s and whose clocks all stood still: it denies until its clock is set`, async () => {
      const storage = await open()
      const { issue, issued, revoke, server, time } = await world(storage)
      const awake = await server()
      const clock = new SleepyClock(time.clock, false)
      const slept = await server(clock)
      await slept.view([TASK])
      clock.sleep()
      await revoke(awake)
      await time.pass(seconds * 1_000)
      clock.wake()
      await assert.rejects(issue(slept), LEASE_OVER)
      await assert.rejects(async () => slept.view([TASK]), CLOCK_OFF)
      await assert.rejects(issue(slept), CLOCK_OFF)
      assert.equal(await issued(), 0)
      clock.setRight()
      assert.equal((await slept.view([TASK])).dead.length, 1)
      assert.deepEqual(await issue(slept), { committed: true })
    })

  test('introspection, which writes nothing, asks the database whether the lease is in force', async () => {
    const storage = await open()
    const { server, time } = await world(storage)
    const clock = new SleepyClock(time.clock, false)
    const slept = await server(clock)
    await slept.confirmLease()
    clock.sleep()
    await time.pass(LEASE_MS)
    clock.wake()
    await assert.rejects(slept.confirmLease(), LEASE_OVER)
  })

  test('who is awake and renews issues all the time', async () => {
    const { issue, server, time } = await world(await open())
    const live = await server()
    for (let second = 0; second < 20; second++) {
      await time.pass(1_000)
      await live.renew()
      assert.deepEqual(await issue(live), { committed: true })
    }
  })

  test('a lease from before the database’s clock was set back is no lease of now', async () => {
    const storage = await open()
    const { issue, server, time } = await world(storage)
    const live = await server()
    time.setDatabaseAhead(-3_600_000)
    await assert.rejects(issue(live), LEASE_OVER)
  })
})

forEachEngine('mutant 55: a lease that ends during its own renewal', (open) => {
  /** A renewal that hangs between its last statement and its commit, and a revocation meanwhile. */
  async function overtaken(
    storage: Storage,
    during: (time: ManualTime, clock: SleepyClock) => (() => void) | undefined,
  ) {
    const { revoke, server, time } = await world(storage)
    const awake = await server()
    const clock = new SleepyClock(time.clock, false)
    const reached = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    let holding = false
    const hung = await server(clock, async (point) => {
      if (!holding || point !== 'inside') return
      reached.resolve()
      await go.promise
    })
    const view = await hung.view([TASK])
    await time.pass(4_000)
    assert.equal(hung.holds(view), true)
    holding = true
    const renewing = hung.renew()
    await reached.promise
    const after = during(time, clock)
    await revoke(awake)
    after?.()
    holding = false
    go.resolve()
    await renewing.catch(() => {})
    return { hung, view }
  }

  test('what was cached under it does not hold after a revocation that did not wait', async () => {
    const storage = await open()
    if (storage.engine === 'sqlite') return // one writer: nothing commits meanwhile
    const { hung, view } = await overtaken(storage, () => undefined)
    assert.equal(hung.holds(view), false)
    assert.equal((await hung.view([TASK])).dead.length, 1)
  })

  test('also when the database’s clock was set back before it could say so', async () => {
    const storage = await open()
    if (storage.engine === 'sqlite') return
    const { hung, view } = await overtaken(storage, (time) => () => time.setDatabaseAhead(-3_000))
    assert.equal(hung.holds(view), false)
  })

  test('also when the server slept meanwhile, and its clocks stood still', async () => {
    const storage = await open()
    if (storage.engine === 'sqlite') return
    const { hung, view } = await overtaken(storage, (_time, clock) => {
      clock.sleep()
      return () => clock.wake()
    })
    assert.equal(hung.holds(view), false)
  })
})
