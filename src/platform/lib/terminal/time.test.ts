import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moment, relativeMoment } from './time.ts'

const NOW = Date.UTC(2026, 10, 25, 12, 0)

test('times are told from now', () => {
  const at = (ms: number) => relativeMoment(new Date(NOW + ms).toISOString(), NOW)
  assert.equal(at(-1_000), 'just now')
  assert.equal(at(30_000), 'in less than a minute')
  assert.equal(at(-3 * 60_000), '3 min ago')
  assert.equal(at(59 * 60_000), 'in 59 min')
  assert.equal(at(2.5 * 3_600_000), 'in 2 h')
  assert.equal(at(-3 * 86_400_000), '3 d ago')
})

test('a moment is told to the minute, and what is no time is told as it is', () => {
  assert.match(moment(NOW), /^2026-11-2[456] \d\d:\d\d (?:UTC|[+-]\d\d:\d\d)$/)
  assert.equal(moment('yesterday'), 'yesterday')
  assert.equal(relativeMoment('yesterday', NOW), 'yesterday')
})

test('a moment carries its zone: UTC, or the offset that holds on that day', (t) => {
  const before = process.env.TZ
  t.after(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  const told = (zone: string, at: number) => {
    process.env.TZ = zone
    return moment(at)
  }
  assert.equal(told('UTC', NOW), '2026-11-25 12:00 UTC')
  assert.equal(told('Europe/Berlin', NOW), '2026-11-25 13:00 +01:00')
  assert.equal(told('Europe/Berlin', Date.UTC(2026, 6, 1)), '2026-07-01 02:00 +02:00')
  assert.equal(told('America/St_Johns', NOW), '2026-11-25 08:30 -03:30')
})
