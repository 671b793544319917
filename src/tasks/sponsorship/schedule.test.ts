import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../platform/lib/problem.ts'
import { WEEKDAYS, type Weekday } from '../../platform/lib/time-units.ts'
import { allowsAt, checkSchedule, nextAllowed, type Schedule, scheduleInWords } from './schedule.ts'

const NIGHT: Schedule = { days: ['fri'], from: '22:00', to: '06:00', zone: 'Europe/Berlin' }
const DAY: Schedule = { days: ['mon', 'tue'], from: '09:00', to: '17:30', zone: 'America/New_York' }

test('hours are those of the zone, its summer time included', () => {
  // Monday 2027-07-05: New York is four hours behind, in January five.
  assert.equal(allowsAt(DAY, Date.parse('2027-07-05T12:59:59Z')), false)
  assert.equal(allowsAt(DAY, Date.parse('2027-07-05T13:00:00Z')), true)
  assert.equal(allowsAt(DAY, Date.parse('2027-01-04T13:00:00Z')), false)
  assert.equal(allowsAt(DAY, Date.parse('2027-01-04T14:00:00Z')), true)
  assert.equal(allowsAt(DAY, Date.parse('2027-01-04T22:29:59Z')), true)
  assert.equal(allowsAt(DAY, Date.parse('2027-01-04T22:30:00Z')), false, 'the end is not in it')
  assert.equal(allowsAt(DAY, Date.parse('2027-01-06T15:00:00Z')), false, 'a Wednesday')
})

test('hours over midnight belong to the day they began on', () => {
  // Friday 2027-01-08, Berlin is one hour ahead.
  assert.equal(allowsAt(NIGHT, Date.parse('2027-01-08T20:59:00Z')), false)
  assert.equal(allowsAt(NIGHT, Date.parse('2027-01-08T21:00:00Z')), true)
  assert.equal(allowsAt(NIGHT, Date.parse('2027-01-09T04:59:00Z')), true, 'Saturday morning')
  assert.equal(allowsAt(NIGHT, Date.parse('2027-01-09T05:00:00Z')), false)
  assert.equal(allowsAt(NIGHT, Date.parse('2027-01-08T02:00:00Z')), false, 'Friday morning')
  assert.equal(allowsAt(NIGHT, Date.parse('2027-01-09T22:00:00Z')), false, 'Saturday evening')
})

test('a whole day is written as one', () => {
  const whole = checkSchedule({ ...DAY, days: ['sun'], from: '00:00', to: '24:00' })
  assert.equal(allowsAt(whole, Date.parse('2027-01-10T05:00:00Z')), true)
  assert.equal(allowsAt(whole, Date.parse('2027-01-11T04:59:59Z')), true)
  assert.equal(allowsAt(whole, Date.parse('2027-01-11T05:00:00Z')), false)
})

test('the next time is now, or the first minute that is in it, also where clocks change', () => {
  const next = (schedule: Schedule, now: string) =>
    new Date(nextAllowed(schedule, Date.parse(now))).toISOString()
  assert.equal(next(DAY, '2027-01-04T14:00:07.5Z'), '2027-01-04T14:00:07.500Z')
  assert.equal(next(DAY, '2027-01-05T22:30:07Z'), '2027-01-11T14:00:00.000Z', 'next Monday')
  assert.equal(next(NIGHT, '2027-01-09T05:00:00Z'), '2027-01-15T21:00:00.000Z')
  // Berlin's clocks go from 02:00 to 03:00 on 2027-03-28, and from 03:00 back to 02:00 on 2027-10-31.
  const lost: Schedule = { days: ['sun'], from: '02:30', to: '04:00', zone: 'Europe/Berlin' }
  assert.equal(next(lost, '2027-03-27T12:00:00Z'), '2027-03-28T01:00:00.000Z', '02:30 is never')
  const early: Schedule = { ...lost, from: '01:00', to: '05:00' }
  assert.equal(next(early, '2027-03-27T23:59:30Z'), '2027-03-28T00:00:00.000Z')
  assert.equal(next(lost, '2027-10-31T00:00:00Z'), '2027-10-31T00:30:00.000Z', 'the first 02:30')
  assert.equal(next(lost, '2027-10-31T03:00:00Z'), '2027-11-07T01:30:00.000Z')
})

test('before the next time there is none, whatever the schedule', () => {
  const time = fc
    .integer({ min: 0, max: 24 * 60 - 1 })
    .map((n) => `${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`)
  const schedules = fc
    .record({
      days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
      from: time,
      to: time,
      zone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia'),
    })
    .filter(({ from, to }) => from !== to && to !== '00:00')
  const days = fc.integer({ min: 0, max: 365 * 24 * 60 })
  fc.assert(
    fc.property(schedules, days, fc.nat(2 ** 31 - 1), (schedule, minute, seed) => {
      const now = Date.parse('2027-01-01T00:00:00Z') + minute * 60_000
      const found = nextAllowed(checkSchedule(schedule), now)
      assert.ok(allowsAt(schedule, found))
      if (found === now) return
      for (let at = found - 60_000; at >= Math.max(now, found - 90 * 60_000); at -= 60_000)
        assert.ok(!allowsAt(schedule, at), new Date(at).toISOString())
      const within = (found - now) / 60_000
      for (let i = 1; i < 30; i++)
        assert.ok(!allowsAt(schedule, now + (((seed * i) % 1_000_003) % within) * 60_000))
    }),
    { numRuns: 60 },
  )
})

test('what cannot be meant is refused', () => {
  for (const over of [
    { days: [] },
    { days: ['mon', 'mon'] },
    { days: ['mon', 'noday' as Weekday] }, // as: what a caller may send
    { from: '9:00' },
    { from: '109:00' },
    { from: '09:001' },
    { to: '' },
    { from: '24:00' },
    { to: '24:01' },
    { to: '00:00' },
    { from: '10:60' },
    { from: '09:00', to: '09:00' },
    { zone: 'Berlin' },
    { zone: '' },
  ] satisfies Partial<Schedule>[])
    assert.throws(
      () => checkSchedule({ ...DAY, ...over }),
      (error) => error instanceof Problem && error.code === 'sponsor_grant.bad_terms',
      JSON.stringify(over),
    )
})

test('a schedule is told in words, its days in their order', () => {
  assert.equal(
    scheduleInWords({ ...NIGHT, days: ['fri', 'mon'] }),
    'mon, fri 22:00–06:00 Europe/Berlin',
  )
  assert.equal(
    scheduleInWords({ ...DAY, days: WEEKDAYS }),
    'every day 09:00–17:30 America/New_York',
  )
})
