import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { DatabaseTime, LEASE_MS, Lease, momentOf } from './lease.ts'

/** Length of a lease by local clocks. */
const LOCAL_MS = 4_500

function leased() {
  const clock = manualClock()
  // Monotonic time is some number, and never zero.
  clock.advance(60_000)
  const lease = new Lease(clock)
  lease.renew(momentOf(clock))
  return { clock, lease }
}

test('a lease is over at its end by either clock, and not a millisecond before', () => {
  const { clock, lease } = leased()
  clock.advance(LOCAL_MS - 1)
  assert.ok(lease.inForce())
  clock.jump(1)
  assert.ok(!lease.inForce(), 'by the wall clock')
  clock.jump(-1_000)
  assert.ok(lease.inForce())
  clock.advance(1)
  assert.ok(!lease.inForce(), 'by the monotonic clock')
})

test('a lease counts from the moment before anything was asked, and ends when it is ended', () => {
  const { clock, lease } = leased()
  const asked = momentOf(clock)
  clock.advance(1_000)
  lease.renew(asked)
  clock.advance(LOCAL_MS - 1_000)
  assert.ok(!lease.inForce())
  lease.renew(momentOf(clock))
  assert.ok(lease.inForce())
  lease.end()
  assert.ok(!lease.inForce())
})

test('the age of a lease is the time that it was in force without a break', () => {
  const { clock, lease } = leased()
  for (let renewals = 1; renewals <= 3; renewals++) {
    clock.advance(1_000)
    assert.equal(lease.age(), 1_000 * renewals)
    lease.renew(momentOf(clock))
  }
  clock.advance(LOCAL_MS)
  assert.equal(lease.age(), 0)
  lease.renew(momentOf(clock))
  clock.advance(7)
  assert.equal(lease.age(), 7)
})

test('the time since the last renewal goes on where the lease is over', () => {
  const { clock, lease } = leased()
  assert.equal(lease.sinceRenewal(), 0)
  clock.advance(9_000)
  assert.equal(lease.sinceRenewal(), 9_000)
  assert.equal(new Lease(clock).sinceRenewal(), Number.POSITIVE_INFINITY)
})

test('what remains of a lease after a moment is what the clock leaves that says less', () => {
  const { clock, lease } = leased()
  const begun = momentOf(clock)
  assert.equal(lease.remainsAfter(begun), LOCAL_MS)
  const later = { monotonic: begun.monotonic + 500, wall: begun.wall + 200 }
  assert.equal(lease.remainsAfter(later), LOCAL_MS - 500)
  assert.equal(lease.remainsAfter({ ...later, wall: begun.wall + 800 }), LOCAL_MS - 800)
  clock.advance(LOCAL_MS)
  assert.equal(lease.remainsAfter(begun), 0)
})

/** Database time with these readings, as database time and monotonic time. */
function seen(...readings: readonly (readonly [database: number, monotonic: number])[]) {
  const time = new DatabaseTime()
  for (const [database, monotonic] of readings) time.see(database, monotonic)
  return time
}

test('database time goes at most a little faster than ours since each reading of a lease', () => {
  assert.equal(new DatabaseTime().bounded(90_000, 50_000), 90_000)
  assert.equal(seen([10_000, 50_000]).bounded(90_000, 51_000), 11_010)
  assert.equal(seen([10_000, 50_000]).bounded(10_500, 51_000), 10_500)
  assert.equal(seen([10_000, 50_000], [10_050, 50_500]).bounded(90_000, 51_000), 10_555)
  assert.equal(seen([10_050, 50_000], [30_000, 50_500]).bounded(90_000, 51_000), 11_060)
})

test('a reading bounds for the length of a lease, and no longer', () => {
  const bounded = (after: number) => seen([10_000, 50_000]).bounded(90_000, 50_000 + after)
  assert.equal(bounded(LEASE_MS), 15_050)
  assert.equal(bounded(LEASE_MS + 1), 90_000)
  const leapt = seen([10_000, 50_000], [80_000, 50_000 + LEASE_MS])
  assert.equal(leapt.bounded(90_000, 50_000 + LEASE_MS), 15_050)
})

test('readings are kept a tenth of a second apart, counted from the last that was kept', () => {
  const close = seen([10_000, 50_000], [9_000, 50_099])
  assert.equal(close.bounded(90_000, 50_200), 10_202, 'the second is not kept')
  const apart = seen([10_000, 50_000], [9_000, 50_100])
  assert.equal(apart.bounded(90_000, 50_200), 9_101)
  const several = seen(
    ...([
      [10_000, 50_000],
      [10_100, 50_100],
      [10_250, 50_250],
      [1_000, 50_300],
    ] as const),
  )
  assert.equal(several.bounded(90_000, 50_350), 10_351, 'the last is not kept')
})

test('a bound that was asked for is a reading, too', () => {
  const time = new DatabaseTime()
  time.bounded(10_000, 50_000)
  assert.equal(time.bounded(90_000, 51_000), 11_010)
})
