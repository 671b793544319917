import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { earlierReading, FollowedClock } from './followed-clock.ts'
import { VARIABLES } from './messages.ts'

function followed() {
  const system = manualClock(1_000_000)
  const clock = { ...system, sinceBoot: () => system.monotonic() }
  const follower = new FollowedClock(clock)
  const error = () => {
    const read = earlierReading(follower.variable()[VARIABLES.clock])
    assert.ok(read)
    return clock.now() - read.wall - (clock.sinceBoot() - read.sinceBoot)
  }
  return { system, follower, error }
}

test('core M2: small corrections of the clock are followed, however many there are', () => {
  const { system, follower, error } = followed()
  for (let i = 0; i < 100; i++) {
    system.advance(60_000)
    system.jump(2_000)
    follower.follow()
  }
  assert.equal(error(), 0)
})

test('core M2: a jump is not followed, and a process that starts after it is told the clock from before', () => {
  const { system, follower, error } = followed()
  for (const ms of [3_600_000, -7_200_000]) {
    system.jump(ms)
    for (let i = 0; i < 3; i++) follower.follow()
    assert.notEqual(error(), 0)
  }
  system.jump(3_600_000)
  follower.follow()
  assert.equal(error(), 0)
})

test('a machine that does not count the time since it started tells nothing', () => {
  const follower = new FollowedClock(manualClock(1_000_000))
  follower.follow()
  assert.deepEqual(follower.variable(), {})
  assert.equal(earlierReading(undefined), undefined)
})
