import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { DAY, HOUR } from '../lib/time-units.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { DatabaseClock } from './database-clock.ts'
import { Live } from './live.ts'
import type { LiveKey } from './live-state.ts'
import { ManualTime } from './testing.ts'

const CLOCK_OFF = { code: 'server.clock_off' }
const UNCONFIRMED = { code: 'server.clock_unconfirmed' }
const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }

/** Reading of the database's time, by the clocks around it. */
function readAt(database: number, wall: { asked: number; answered: number }) {
  return {
    database,
    asked: { wall: wall.asked, monotonic: 0 },
    answered: { wall: wall.answered, monotonic: 0 },
  }
}

/** The database is asked, so what comes between two readings counts. */
function asking() {
  const system = manualClock(1_000_000)
  const clock = new DatabaseClock(system, {})
  const see = (database: number) =>
    clock.see({ database, asked: clock.moment(), answered: clock.moment() })
  return { system, clock, see }
}

test('between two readings, setting the clock of this machine changes nothing', () => {
  const { clock, see, system } = asking()
  see(1_002_000)
  system.advance(500)
  assert.equal(clock.now(), 1_002_500)
  for (const ms of [HOUR, -2 * HOUR]) {
    system.jump(ms)
    assert.equal(clock.now(), 1_002_500)
  }
})

test('a difference counts from 5 s on, ahead and behind, as far as the round trip does not explain it', () => {
  const { clock } = asking()
  const wall = { asked: 1_000_000, answered: 1_003_000 }
  for (const database of [995_000, 1_000_000, 1_003_000, 1_008_000]) {
    clock.see(readAt(database, wall))
    assert.equal(clock.problem, undefined)
  }
  for (const database of [994_999, 1_008_001]) {
    const another = asking().clock
    assert.throws(() => another.see(readAt(database, wall)), CLOCK_OFF)
    assert.equal(another.problem?.code, 'server.clock_off')
  }
})

test('time never goes below what was read, and stands still until it comes there again', () => {
  const { clock, see, system } = asking()
  see(1_004_000)
  assert.equal(clock.now(), 1_004_000)
  see(1_001_000)
  assert.equal(clock.now(), 1_004_000)
  system.advance(4_000)
  assert.equal(clock.now(), 1_005_000)
})

test('a database whose clock goes back by more than 5 s is not believed, though this machine agrees with it', () => {
  const { clock, see, system } = asking()
  see(1_000_000)
  system.jump(-6_000)
  assert.throws(() => see(994_000), CLOCK_OFF)
  system.jump(6_000)
  see(1_000_000)
  assert.equal(clock.problem, undefined)
})

forEachEngine('C2: a server whose clock is wrong', (open) => {
  async function pair(storage: Storage) {
    const time = new ManualTime()
    const set = manualClock(0)
    const server = (offset: () => number) => {
      const clock = {
        now: () => time.clock.now() + offset(),
        monotonic: () => time.clock.monotonic(),
      }
      const { wait } = time
      return new Live({ storage: time.over(storage), clock, wait, random: systemRandom })
    }
    const wrong = server(() => set.now())
    await wrong.renew()
    await storage.transaction((tx) => wrong.begin(tx, TASK))
    return { time, wrong, set }
  }

  for (const off of [30_000, -30_000, 600_000, -600_000, HOUR, -HOUR])
    test(`by ${off / 1_000} s: holds nothing from its next renewal on, gives nothing, and recovers by itself`, async () => {
      const storage = await open()
      const { set, time, wrong } = await pair(storage)
      const view = await wrong.view([TASK])
      assert.equal(wrong.holds(view), true)
      set.jump(off)
      await time.pass(1_000)
      await assert.rejects(wrong.renew(), CLOCK_OFF)
      assert.equal(wrong.holds(view), false)
      await assert.rejects(async () => wrong.view([TASK]), CLOCK_OFF)
      await assert.rejects(wrong.commit(storage, []), CLOCK_OFF)
      await assert.rejects(wrong.confirmLease(), CLOCK_OFF)
      set.jump(-off)
      assert.equal(wrong.holds(await wrong.view([TASK])), true)
      assert.equal(wrong.holds(view), false)
      assert.equal(wrong.clockProblem, undefined)
    })

  test('by 4 s goes on', async () => {
    const { set, time, wrong } = await pair(await open())
    for (const off of [4_000, -8_000]) {
      set.jump(off)
      await time.pass(1_000)
      await wrong.renew()
      assert.equal(wrong.holds(await wrong.view([TASK])), true)
    }
  })

  test('does not start: with the database’s time, or behind what was recorded before', async () => {
    const storage = await open()
    const time = new ManualTime()
    const { clock } = time
    const over = time.over(storage)
    time.setDatabaseAhead(6_000)
    await assert.rejects(DatabaseClock.over(clock, over), CLOCK_OFF)
    time.setDatabaseAhead(0)
    const known = await DatabaseClock.over(clock, over)
    assert.equal(known.now(), clock.now())
    // It ends as by kill -9: what it says last is its row.
    await new Live({
      storage: over,
      clock,
      time: known,
      wait: time.wait,
      random: systemRandom,
    }).renew()
    const newest = clock.now()
    clock.jump(-HOUR)
    await assert.rejects(DatabaseClock.over(clock, over), CLOCK_OFF)
    clock.jump(HOUR - 3_000)
    assert.equal((await DatabaseClock.over(clock, over)).now(), newest)
  })

  test('what is recorded outlives a server that stops in good order', async () => {
    const storage = await open()
    const time = new ManualTime()
    const { clock, wait } = time
    const over = time.over(storage)
    const live = new Live({ storage: over, clock, wait, random: systemRandom })
    await live.start()
    await time.pass(10)
    await live.stop()
    assert.deepEqual(await storage.read.selectFrom('live_replicas').selectAll().execute(), [])
    clock.jump(-HOUR)
    await assert.rejects(DatabaseClock.over(clock, over), CLOCK_OFF)
  })
})

/** An embedded database goes by the clock of this machine, which counts its sleep apart. */
function embedded() {
  const system = manualClock(1_000_000)
  let slept = 0
  const sinceBoot = () => system.monotonic() + slept
  const clock = new DatabaseClock({ ...system, sinceBoot }, { nowAtHand: () => system.now() })
  const see = () =>
    clock.see({ database: system.now(), asked: clock.moment(), answered: clock.moment() })
  const sleep = (ms: number) => {
    slept += ms
    system.jump(ms)
  }
  return { system, clock, see, sleep }
}

test('core M2: an embedded clock that jumps ahead is not gone by, and is right again when it is set back', () => {
  const { clock, see, system } = embedded()
  see()
  system.advance(1_000)
  system.jump(HOUR)
  assert.equal(clock.now(), 1_001_000, 'nothing closes by it, before anybody has looked')
  assert.throws(() => clock.refuseJump(), CLOCK_OFF)
  assert.throws(see, CLOCK_OFF)
  assert.equal(clock.problem?.code, 'server.clock_off')
  assert.equal(clock.now(), 1_001_000)
  system.jump(-HOUR)
  see()
  assert.equal(clock.problem, undefined)
  assert.equal(clock.now(), 1_001_000)
})

test('core M2: a database on this machine, or on another one, that goes along with a jump is not gone by', () => {
  const system = manualClock(1_000_000)
  const clock = new DatabaseClock({ ...system, sinceBoot: () => system.monotonic() }, {})
  let database = system.now()
  const see = () => clock.see({ database, asked: clock.moment(), answered: clock.moment() })
  const jump = (ms: number) => {
    system.jump(ms)
    database += ms
  }
  see()
  jump(HOUR)
  assert.throws(see, CLOCK_OFF)
  assert.equal(clock.now(), 1_000_000, 'nothing closes by it')
  jump(-HOUR)
  see()
  assert.equal(clock.problem, undefined)
})

test('core M2: a process that starts beside others does not go by a clock that was set since they started', async () => {
  const system = manualClock(1_000_000)
  const clock = { ...system, sinceBoot: () => system.monotonic() }
  const storage = stored(0, () => system.now())
  const earlier = { wall: system.now(), sinceBoot: clock.sinceBoot() }
  const start = (other?: () => Promise<number | undefined>) =>
    DatabaseClock.over(clock, storage, { earlier, other })
  system.advance(HOUR)
  assert.equal((await start()).now(), 1_000_000 + HOUR)
  system.jump(HOUR)
  for (const says of [undefined, HOUR])
    await assert.rejects(
      start(async () => says),
      CLOCK_OFF,
    )
  assert.equal((await start(async () => 0)).now(), system.now(), 'another clock agrees')
  system.jump(-HOUR)
  await start()
})

/** Storage of which only a start asks: its newest record, and the time by the clock of this machine. */
function stored(newest: number, now: () => number): Storage {
  const read = {
    selectFrom: () => read,
    select: () => read,
    executeTakeFirst: async () => ({ newest }),
  }
  return { read, now: async () => now(), nowAtHand: now } as unknown as Storage // as: only what a start asks for
}

test('core M2: after a long stop a start needs no act, unless another clock says that this one is ahead, or none can be read for long', async () => {
  const system = manualClock(1_000 * DAY)
  const start = (days: number, other?: () => Promise<number | undefined>, anyAge = false) =>
    DatabaseClock.over(
      system,
      stored(system.now() - days * DAY, () => system.now()),
      { anyAge, other },
    )
  const says = (ahead: number | undefined) => async () => ahead
  const isNotAsked = async () => assert.fail('asked')
  for (const days of [0, 1]) await start(days, isNotAsked)
  for (const days of [1.1, 29, 31, 900])
    for (const ahead of [0, -400 * DAY, HOUR]) await start(days, says(ahead))
  for (const days of [1.1, 29, 31, 900]) {
    await start(days, says(HOUR + 1), true)
    await assert.rejects(start(days, says(HOUR + 1)), UNCONFIRMED)
  }
  for (const other of [undefined, says(undefined)]) {
    for (const days of [1.1, 29, 30]) await start(days, other)
    await assert.rejects(start(31, other), UNCONFIRMED)
  }
})

test('core M2: a virtual machine that was paused goes on by a clock that was set right, where another clock agrees', async () => {
  const system = manualClock(1_000_000)
  let ahead: number | undefined
  let asked = 0
  const other = async () => {
    asked++
    return ahead
  }
  const options = { nowAtHand: () => system.now() }
  const clock = new DatabaseClock(
    { ...system, sinceBoot: () => system.monotonic() },
    options,
    other,
  )
  const see = () =>
    clock.see({ database: system.now(), asked: clock.moment(), answered: clock.moment() })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  see()
  system.jump(HOUR)
  for (const says of [undefined, HOUR, -HOUR]) {
    ahead = says
    assert.throws(() => clock.refuseJump(), CLOCK_OFF)
    await settled()
    assert.throws(see, CLOCK_OFF)
    system.advance(60_000)
  }
  ahead = 1_000
  assert.throws(see, CLOCK_OFF)
  assert.throws(see, CLOCK_OFF)
  assert.equal(asked, 4, 'once a minute')
  await settled()
  clock.refuseJump()
  see()
  assert.equal(clock.now(), system.now())
  system.jump(HOUR)
  assert.throws(see, CLOCK_OFF, 'the next jump is one again')
})

test('core M2: a machine that slept wakes later, and that is no jump', () => {
  const { clock, see, sleep } = embedded()
  see()
  sleep(HOUR)
  assert.equal(clock.now(), 1_000_000 + HOUR)
  clock.refuseJump()
  see()
  assert.equal(clock.problem, undefined)
})
