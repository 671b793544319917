import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../clock.ts'
import { OccupancyLimit } from './occupancy-limit.ts'

test('so many and no more, by a count that is some seconds old at most', async () => {
  const clock = manualClock()
  let there = 1
  let counted = 0
  const count = async () => {
    counted += 1
    return there
  }
  const limit = new OccupancyLimit({ clock, most: 3, count })
  assert.deepEqual(
    [await limit.admits(), await limit.admits(), await limit.admits()],
    [true, true, false],
  )
  there = 0
  assert.equal(await limit.admits(), false)
  clock.advance(5_000)
  for (const free of [true, true, true, false]) assert.equal(await limit.admits(), free)
  assert.equal(counted, 2)
  limit.leave()
  assert.deepEqual([await limit.admits(), await limit.admits()], [true, false])
})

test('those who come at once are counted once, together, and none of them by an old count', async () => {
  const clock = manualClock()
  let counted = 0
  let answer = Promise.withResolvers<number>()
  const count = () => {
    counted += 1
    return answer.promise
  }
  const limit = new OccupancyLimit({ clock, most: 10, count })
  for (const there of [8, 9, 10]) {
    const all = Promise.all(Array.from({ length: 20 }, () => limit.admits()))
    answer.resolve(there)
    const admitted = (await all).filter(Boolean).length
    assert.equal(admitted, 10 - there, `${there} are there`)
    answer = Promise.withResolvers()
    clock.advance(5_000)
  }
  assert.equal(counted, 3)
})

test('a count that fails lets nobody in, and is tried again', async () => {
  let fails = true
  const count = async () => {
    if (fails) throw new Error('no store')
    return 0
  }
  const limit = new OccupancyLimit({ clock: manualClock(), most: 1, count })
  await assert.rejects(limit.admits())
  fails = false
  assert.equal(await limit.admits(), true)
})
