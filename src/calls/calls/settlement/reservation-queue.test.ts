import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../../platform/lib/clock.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { decideCall } from '../decide-call.ts'
import { READ, worldsOver } from '../testing.ts'
import { MAX_RESERVATION_WAIT_MS, ReservationQueue } from './reservation-queue.ts'

const BUSY = { code: 'server.busy' }

function slowStore() {
  const ends: (() => void)[] = []
  return {
    work: () => new Promise<void>((resolve) => ends.push(resolve)),
    answer: () => ends.shift()?.(),
    reached: () => ends.length,
  }
}

test('C6: as many reservations wait as may; the next is refused at once, and reaches no store', async () => {
  const store = slowStore()
  const queue = new ReservationQueue({ clock: manualClock(), max: 2 })
  const first = queue.pass(store.work)
  const second = queue.pass(store.work)
  await assert.rejects(queue.pass(store.work), BUSY)
  assert.equal(store.reached(), 2)
  store.answer()
  await first
  const third = queue.pass(store.work)
  store.answer()
  store.answer()
  await Promise.all([second, third])
})

test('C6: while one has waited for two seconds, nobody else queues up behind it', async () => {
  const store = slowStore()
  const clock = manualClock()
  const queue = new ReservationQueue({ clock })
  const first = queue.pass(store.work)
  clock.advance(MAX_RESERVATION_WAIT_MS)
  const second = queue.pass(store.work)
  clock.advance(1)
  await assert.rejects(queue.pass(store.work), BUSY)
  store.answer()
  await first
  const third = queue.pass(store.work)
  store.answer()
  store.answer()
  await Promise.all([second, third])
})

test('C/M3: those of one row wait in a line of their own, and hold nobody else up', async () => {
  const store = slowStore()
  const clock = manualClock()
  const queue = new ReservationQueue({ clock, mostOfRow: 3 })
  const hot = Array.from({ length: 6 }, () => queue.pass(store.work, ['tsk_hot calls']))
  assert.equal(store.reached(), 3, 'a third of the connections')
  const both = queue.pass(store.work, ['tsk_other calls', 'agent calls'])
  assert.equal(store.reached(), 4)
  // Those at the store have moved on, and the line is old: only who would wait in it is refused.
  for (let i = 0; i < 3; i++) store.answer()
  await Promise.all(hot.slice(0, 3))
  clock.advance(MAX_RESERVATION_WAIT_MS - 1)
  const late = queue.pass(store.work, ['tsk_hot calls'])
  store.answer()
  await both
  for (let i = 0; i < 3; i++) store.answer()
  await Promise.all(hot.slice(3))
  store.answer()
  await late
  const stuck = Array.from({ length: 4 }, () => queue.pass(store.work, ['tsk_hot calls']))
  clock.advance(1)
  const free = queue.pass(store.work, ['tsk_free calls'])
  for (let i = 0; i < 5; i++) {
    store.answer()
    await Promise.resolve()
  }
  await free
  for (let i = 0; i < 5; i++) store.answer()
  await Promise.all(stuck)
})

test('C/M3: one of several rows leaves a place at each of them', async () => {
  const store = slowStore()
  const queue = new ReservationQueue({ clock: manualClock(), mostOfRow: 1 })
  const first = queue.pass(store.work, ['a', 'b'])
  const rest = [queue.pass(store.work, ['a']), queue.pass(store.work, ['b'])]
  assert.equal(store.reached(), 1)
  store.answer()
  await first
  await Promise.resolve()
  assert.equal(store.reached(), 2)
  store.answer()
  store.answer()
  await Promise.all(rest)
})

test('what fails makes room, too', async () => {
  const queue = new ReservationQueue({ clock: manualClock(), max: 1 })
  await assert.rejects(
    queue.pass(() => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await queue.pass(async () => 1), 1)
})

forEachEngine('C6: a server with too much to do', (open) => {
  const worlds = worldsOver(open)

  test('refuses a call before anything of it is written', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const call = await world.call(held, await world.token(held), READ)
    const { parts } = world
    const reservations = new ReservationQueue({ clock: parts.clock, max: 0 })
    await assert.rejects(decideCall({ ...parts, reservations }, call), BUSY)
    assert.deepEqual(await parts.storage.read.selectFrom('decisions').select('id').execute(), [])
    // Not even its proof was used up.
    assert.equal((await decideCall(parts, call)).outcome, 'permit')
  })

  test('C/M3: a row that somebody holds fails the calls that count in it, and no other', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    // On SQLite writes are one after another, so that no row is held while others are written.
    if (parts.storage.engine === 'sqlite') return
    const held = await world.open({ budget: [{ limit: 'calls', max: 9 }] })
    const other = await world.open()
    const reservations = new ReservationQueue({ clock: parts.clock, mostOfRow: 3 })
    const token = await world.token(held)
    const calls = await Promise.all(Array.from({ length: 6 }, () => world.call(held, token, READ)))
    const free = await world.call(other, await world.token(other), READ)
    const release = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const holding = parts.storage.transaction(async (tx) => {
      const { id } = held.opened.task
      await tx.updateTable('limit_counts').set({ swept_to: 0 }).where('owner', '=', id).execute()
      locked.resolve()
      await release.promise
    })
    await locked.promise
    const stuck = calls.map((call) => decideCall({ ...parts, reservations }, call))
    const failed = Promise.allSettled(stuck)
    assert.equal((await decideCall({ ...parts, reservations }, free)).outcome, 'permit')
    for (const each of await failed) {
      assert.ok(each.status === 'rejected')
      assert.equal(each.reason.code, 'server.busy')
    }
    release.resolve()
    await holding
    const again = await world.call(held, token, READ)
    assert.equal((await decideCall({ ...parts, reservations }, again)).outcome, 'permit')
  })
})
