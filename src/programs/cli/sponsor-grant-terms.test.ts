import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as terms from '../../console/operation-kit/sponsor-grant-terms.ts'
import { durationInWords, readDuration } from '../../platform/lib/duration.ts'
import { WEEKDAYS } from '../../platform/lib/time-units.ts'
import { readExpires } from './expires.ts'
import { CommandFailure, usage } from './failure.ts'

const readRate = (given: string) => terms.readRateTerm(given, { usage })
const readSchedule = (given: string) => terms.readSchedule(given, { usage })

const refuses = (read: (given: string) => unknown, given: string) =>
  assert.throws(
    () => read(given),
    (error) => error instanceof CommandFailure && error.exit === 2 && error.next.length > 0,
    given,
  )

test('a schedule names days, hours and a zone', () => {
  const rest = { from: '22:00', to: '06:00', zone: 'Europe/Berlin' }
  const daysOf = (days: string) => readSchedule(`${days} 22:00-06:00 Europe/Berlin`)
  assert.deepEqual(daysOf('mon-fri'), { ...rest, days: ['mon', 'tue', 'wed', 'thu', 'fri'] })
  assert.deepEqual(daysOf('sat-mon').days, ['mon', 'sat', 'sun'], 'over a Sunday')
  assert.deepEqual(daysOf('sun,mon-tue,mon').days, ['mon', 'tue', 'sun'], 'each once, in order')
  assert.deepEqual(daysOf('daily').days, WEEKDAYS)
  for (const given of [
    '',
    'mon-fri',
    'mon-fri 22:00-06:00',
    'mon-fri 22-06 Europe/Berlin',
    'monday 22:00-06:00 Europe/Berlin',
    'mon-tue-wed 22:00-06:00 Europe/Berlin',
    'mon, fri 22:00-06:00 Europe/Berlin',
    ',mon 22:00-06:00 Europe/Berlin',
  ])
    refuses(readSchedule, given)
})

test('a rate is tasks in a time', () => {
  assert.deepEqual(readRate('5/1h'), { tasks: 5, seconds: 3600 })
  assert.deepEqual(readRate('1/90s'), { tasks: 1, seconds: 90 })
  for (const given of ['5', '0/1h', '5/h', '5/1y', '-1/1h', '1.5/1h', '5/1h/1h'])
    refuses(readRate, given)
})

test('an end is some time from now, or a time', () => {
  const now = Date.parse('2027-01-01T00:00:00Z')
  const read = (given: string) => readExpires(given, now)
  assert.equal(read('30d'), '2027-01-31T00:00:00.000Z')
  assert.equal(read('12h'), '2027-01-01T12:00:00.000Z')
  assert.equal(read('2w'), '2027-01-15T00:00:00.000Z')
  assert.equal(read('2027-03-01T00:00:00+01:00'), '2027-02-28T23:00:00.000Z')
  for (const given of ['', '30', 'd', '0d', '30y', 'tomorrow', '2027-13-01T00:00:00Z', '1e3d'])
    refuses(read, given)
  for (const given of ['90s', '5m', '2h', '1d'])
    assert.equal(
      durationInWords(readDuration(given) ?? 0),
      given.replace('m', ' min').replace(/([shd])$/, ' $1'),
    )
})
