import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveState } from './live-state.ts'
import { StateCache } from './state-cache.ts'

const stateOf = (id: string, epoch = 1): LiveState => ({ kind: 'task', id, epoch, state: 'active' })

/** A cache for `limit` states, in which the first of `ids` was used least recently. */
function cacheOf(limit: number, ...ids: string[]) {
  const cache = new StateCache(limit)
  const read = cache.beginRead()
  const states = ids.map((id) => stateOf(id))
  for (const state of states) cache.keep(read, state)
  let made = 0
  const more = (count: number) => {
    for (let i = 0; i < count; i++) cache.keep(read, stateOf(`more-${made++}`))
  }
  return { cache, states, more, read }
}

test('a stream keeps the states it stands on, however many others are looked at meanwhile', () => {
  const { cache, more, states } = cacheOf(10, 'running', 'idle')
  const [running, idle] = states as [LiveState, LiveState] // two ids, two states
  cache.pin([running])
  more(1_000)
  assert.equal(cache.isCurrent(running), true)
  assert.equal(cache.isCurrent(idle), false, 'what nothing runs on is evicted')
  assert.equal(cache.get(running), running)
  cache.unpin([running])
  more(1_000)
  assert.equal(cache.isCurrent(running), false, 'and so is this, when the stream has ended')
})

test('two calls on one state: it stays until both have ended', () => {
  const { cache, more, states } = cacheOf(10, 'running')
  const [running] = states as [LiveState] // one id, one state
  cache.pin([running])
  cache.pin([running])
  cache.unpin([running])
  more(100)
  assert.equal(cache.isCurrent(running), true)
})

test('a change drops a pinned state as any other, and so does a lost lease', () => {
  for (const end of ['change', 'lease'] as const) {
    const { cache, states } = cacheOf(10, 'running')
    const [running] = states as [LiveState] // one id, one state
    cache.pin([running])
    if (end === 'change') cache.drop(stateOf('running', 2))
    else cache.clear()
    assert.equal(cache.isCurrent(running), false, end)
  }
})

test('when everything is pinned nothing is evicted, and the rest is evicted as before', () => {
  const { cache, more, states } = cacheOf(3, 'a', 'b', 'c')
  cache.pin(states)
  more(50)
  for (const state of states) assert.equal(cache.isCurrent(state), true, state.id)
})
