import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallsInFlight } from './calls-in-flight.ts'

test('what waits for the store is bounded, and the oldest is forgotten first', () => {
  const flights = new CallsInFlight(2)
  for (const id of ['a', 'b', 'c']) {
    flights.begin(id)
    flights.keepOutcome(id, { state: 'answered' })
    flights.keepUnsent(`un${id}`, 0)
  }
  assert.deepEqual(
    flights.outcomes().map(([id]) => id),
    ['b', 'c'],
  )
  assert.deepEqual(flights.unsent(0), ['unb', 'unc'])
  assert.equal(flights.has('a'), false)
  assert.equal(flights.has('b'), true)
})

test('a reservation that nobody knows of is looked for as long as it may turn up', () => {
  const flights = new CallsInFlight()
  flights.keepUnsent('early', 0)
  flights.keepUnsent('late', 60_000)
  assert.deepEqual(flights.unsent(15 * 60_000 - 1), ['early', 'late'])
  assert.deepEqual(flights.unsent(15 * 60_000), ['late'])
})
