import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from './clock.ts'
import { Crowd } from './crowd.ts'

test('so many and no more, by a count that is some seconds old at most', async () => {
  const clock = manualClock()
  let there = 1
  let counted = 0
  const count = async () => {
    counted += 1
    return there
  }
  const crowd = new Crowd({ clock, most: 3, count })
  assert.deepEqual(
    [await crowd.admits(), await crowd.admits(), await crowd.admits()],
    [true, true, false],
  )
  there = 0
  assert.equal(await crowd.admits(), false)
  clock.advance(5_000)
  for (const free of [true, true, true, false]) assert.equal(await crowd.admits(), free)
  assert.equal(counted, 2)
})
