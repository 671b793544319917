import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CONSENT_LIFETIMES, endOf, USUAL_CONSENT_LIFETIME } from './lifetimes.ts'

it('the length is one of those offered', () => {
  const hours = (lifetime: string) => {
    const end = endOf(new Map([['lifetime', lifetime]]), 1_000)
    return end === undefined ? undefined : (end - 1_000) / 3_600_000
  }
  assert.deepEqual(
    CONSENT_LIFETIMES.map(({ value }) => hours(value)),
    [1, 24, 168, 720, undefined],
  )
  assert.equal(hours(USUAL_CONSENT_LIFETIME), 1)
})

it('a length that no page offers is refused', () => {
  for (const fields of [new Map(), new Map([['lifetime', 'century']])])
    assert.throws(() => endOf(fields, 1_000), { code: 'request.malformed' })
})
