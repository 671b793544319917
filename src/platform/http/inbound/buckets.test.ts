import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Buckets } from './buckets.ts'

/** Buckets of a clock that the test moves. */
function bucketsOf(perMinute: number) {
  let now = 5_000
  const buckets = new Buckets(perMinute, () => now)
  return {
    take: (key: string) => buckets.take(key),
    advance: (ms: number) => {
      now += ms
    },
  }
}

describe('buckets', () => {
  it('start full, refill evenly, and say how long it takes', () => {
    const { advance, take } = bucketsOf(60)
    for (let i = 0; i < 60; i++) assert.equal(take('a'), 0)
    assert.equal(take('a'), 1_000)
    assert.equal(take('b'), 0, 'of another key')
    advance(250)
    assert.equal(take('a'), 750)
    advance(750)
    assert.equal(take('a'), 0)
    assert.equal(take('a'), 1_000)
    advance(3_600_000)
    for (let i = 0; i < 60; i++) assert.equal(take('a'), 0)
    assert.equal(take('a'), 1_000, 'never fuller than at the start')
  })

  it('of 10,000 keys are remembered; the one that was unused for longest goes first', () => {
    const { take } = bucketsOf(1)
    take('a')
    for (let i = 0; i < 9_999; i++) take(`${i}`)
    assert.equal(take('a'), 60_000)
    take('new')
    assert.equal(take('a'), 60_000, 'it was used since')
    assert.equal(take('1'), 60_000)
    assert.equal(take('0'), 0)
  })
})
