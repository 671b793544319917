import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietEnd } from './quiet-hours.ts'

const BERLIN = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'Europe/Berlin' }
const at = (time: string) => Date.parse(time)

test('quiet hours over midnight are those of the zone', () => {
  assert.equal(quietEnd(BERLIN, at('2026-11-30T20:59:59Z')), undefined)
  assert.equal(quietEnd(BERLIN, at('2026-11-30T21:00:00Z')), at('2026-12-01T06:00:00Z'))
  assert.equal(quietEnd(BERLIN, at('2026-12-01T05:59:59Z')), at('2026-12-01T06:00:00Z'))
  assert.equal(quietEnd(BERLIN, at('2026-12-01T06:00:00Z')), undefined)
  assert.equal(quietEnd(BERLIN, at('2026-07-01T20:30:00Z')), at('2026-07-02T05:00:00Z'))
})

test('quiet hours within a day end on that day', () => {
  const noon = { fromMinute: 12 * 60, toMinute: 13 * 60, timeZone: 'Asia/Kolkata' }
  assert.equal(quietEnd(noon, at('2026-11-30T06:45:00Z')), at('2026-11-30T07:30:00Z'))
  assert.equal(quietEnd(noon, at('2026-11-30T07:30:00Z')), undefined)
})
