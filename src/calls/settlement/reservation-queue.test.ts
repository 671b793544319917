import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../lib/clock.ts'
import { forEachEngine } from '../../storage/testing.ts'
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
})
