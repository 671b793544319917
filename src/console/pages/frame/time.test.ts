import assert from 'node:assert/strict'
import { it } from 'node:test'
import { daySpan } from '../../../platform/lib/text/times.ts'
import { HOUR, MINUTE } from '../../../platform/lib/time-units.ts'
import { clockTime, duration, relative, when } from './time.ts'

const NOW = Date.UTC(2026, 10, 24, 13, 32, 10)

it('lengths of time are in words', () => {
  for (const [ms, words] of [
    [0, '1 second'],
    [59_000, '59 seconds'],
    [MINUTE, '1 minute'],
    [47 * MINUTE + 59_000, '47 minutes'],
    [90 * MINUTE, '1 hour 30 minutes'],
    [12 * HOUR + MINUTE, '12 hours'],
    [25 * HOUR, '1 day 1 hour'],
    [30 * 24 * HOUR, '30 days'],
  ] as const) {
    assert.equal(duration(ms), words)
  }
})

it('times name their zone, and their date unless it is today', () => {
  assert.equal(clockTime(NOW, NOW), '13:32 UTC')
  assert.equal(clockTime(NOW - 24 * HOUR, NOW), '23 Nov, 13:32 UTC')
  assert.equal(clockTime(NOW - 366 * 24 * HOUR, NOW), '23 Nov 2025, 13:32 UTC')
  assert.equal(relative(NOW - 2_000, NOW), 'just now')
  assert.equal(relative(NOW - 30 * HOUR, NOW), '1 day ago')
  assert.equal(relative(NOW + 2 * HOUR, NOW), 'in 2 hours')
  assert.match(when(NOW, NOW).toString(), /datetime="2026-11-24T13:32:10.000Z"/)
})

it('a day in a zone begins and ends by its clocks, also when they change; what is none is none', () => {
  const span = (day: string, zone: string) => {
    const { end, start } = daySpan(day, zone) ?? assert.fail(day)
    return [start, end].map((at) => new Date(at).toISOString().slice(0, 16))
  }
  assert.deepEqual(span('2026-12-24', 'UTC'), ['2026-12-24T00:00', '2026-12-25T00:00'])
  assert.deepEqual(span('2026-03-29', 'Europe/Berlin'), ['2026-03-28T23:00', '2026-03-29T22:00'])
  assert.deepEqual(span('2026-10-25', 'Europe/Berlin'), ['2026-10-24T22:00', '2026-10-25T23:00'])
  assert.deepEqual(span('2026-01-01', 'Pacific/Kiritimati')[0], '2025-12-31T10:00')
  for (const none of [
    '',
    'soon',
    '2026-13-01',
    '0001-01-01',
    '9999-12-31',
    '275760-09-13',
    '1970-01-01',
  ])
    for (const zone of ['UTC', 'Europe/Berlin', 'Pacific/Kiritimati'])
      assert.equal(daySpan(none, zone), undefined, none)
})
