import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../../platform/lib/clock.ts'
import { ParQuota } from './par-quota.ts'

const FULL = { code: 'authorization.too_many' }

function room({ most = 100, share = 2 } = {}) {
  const clock = manualClock()
  let there = 0
  const all = {
    admits: async () => {
      if (there >= most) return false
      there += 1
      return true
    },
    leave: () => {
      there -= 1
    },
  }
  return { clock, room: new ParQuota({ clock, all, share, lifeMs: 60_000 }), there: () => there }
}

test('what the provider refuses takes no room from anybody', async () => {
  const { room: pushed, there } = room({ most: 3 })
  for (let i = 0; i < 20; i++) (await pushed.enter(['192.0.2.1']))()
  assert.equal(there(), 0)
  await pushed.enter(['client a'])
})

test('one client, or one address, has its share, and no more until that runs out', async () => {
  const { clock, room: pushed, there } = room()
  const giveBack = await pushed.enter(['192.0.2.1'])
  await pushed.enter(['192.0.2.1'])
  await assert.rejects(pushed.enter(['192.0.2.1']), FULL)
  assert.equal(there(), 2, 'who is turned away takes nothing')
  await pushed.enter(['client a'])
  giveBack()
  await pushed.enter(['192.0.2.1'])
  await assert.rejects(pushed.enter(['192.0.2.1']), FULL)
  clock.advance(60_000)
  await pushed.enter(['192.0.2.1'])
})

test('where the common room is full, each client keeps its share', async () => {
  const { room: pushed } = room({ most: 1 })
  const giveBack = await pushed.enter([])
  for (let i = 0; i < 5; i++) await assert.rejects(pushed.enter(['192.0.2.1']), FULL)
  giveBack()
  await pushed.enter(['192.0.2.1'])
})

test('each place runs out at its own time, and later places stay', async () => {
  const { clock, room: pushed } = room()
  await pushed.enter(['client a'])
  clock.advance(30_000)
  await pushed.enter(['client a'])
  clock.advance(29_999)
  await assert.rejects(pushed.enter(['client a']), FULL)
  clock.advance(1)
  await pushed.enter(['client a'])
  await assert.rejects(pushed.enter(['client a']), FULL)
})

test('a place that is given back is that place, and none where it ran out before', async () => {
  const { clock, room: pushed } = room()
  const giveBack = await pushed.enter(['client a'])
  clock.advance(10)
  await pushed.enter(['client a'])
  giveBack()
  await pushed.enter(['client a'])
  await assert.rejects(pushed.enter(['client a']), FULL)
  clock.advance(60_000)
  const late = await pushed.enter(['client b'])
  clock.advance(60_000)
  await pushed.enter(['client b'])
  await pushed.enter(['client b'])
  late()
  await assert.rejects(pushed.enter(['client b']), FULL)
})

test('a place is held until it runs out, whatever others do meanwhile', async () => {
  const { clock, room: pushed } = room({ share: 1 })
  await pushed.enter(['client a'])
  clock.advance(30_000)
  await pushed.enter(['client b'])
  clock.advance(30_000)
  await pushed.enter(['client a'])
  await assert.rejects(pushed.enter(['client b']), FULL)
})

test('where the store fails, the client keeps its share', async () => {
  const clock = manualClock()
  const failure = new Error('the store is down')
  let fails = true
  const all = { admits: async () => (fails ? Promise.reject(failure) : true), leave: () => {} }
  const pushed = new ParQuota({ clock, all, share: 1, lifeMs: 60_000 })
  await assert.rejects(pushed.enter(['client a']), failure)
  fails = false
  await pushed.enter(['client a'])
})
