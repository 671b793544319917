import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../lib/problem.ts'
import { allowsAt, checkSchedule, type Schedule } from './schedule.ts'

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

test('what cannot be meant is refused', () => {
  for (const over of [
    { days: [] },
    { days: ['mon', 'mon'] },
    { from: '9:00' },
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
