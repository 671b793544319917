import assert from 'node:assert/strict'
import { it } from 'node:test'
import { clockTime, duration, relative, when } from './time.ts'

const NOW = Date.UTC(2026, 10, 24, 13, 32, 10)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

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
