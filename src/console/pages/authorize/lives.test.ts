import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENT_LIFETIMES, endOfLife, USUAL_CLIENT_LIFETIME } from './lives.ts'

test('a client works for one of the times that its page offers, the shortest unless the person chooses', () => {
  const hours = (life: string) => (endOfLife(new Map([['life', life]]), 1_000) - 1_000) / 3_600_000
  assert.deepEqual(
    CLIENT_LIFETIMES.map(({ value }) => hours(value)),
    [1, 8, 24],
  )
  assert.equal(hours(USUAL_CLIENT_LIFETIME), 1)
})

test('a time that no page offers is refused', () => {
  for (const fields of [new Map(), new Map([['life', 'open']]), new Map([['life', '']])])
    assert.throws(() => endOfLife(fields, 1_000), { code: 'request.malformed' })
})
