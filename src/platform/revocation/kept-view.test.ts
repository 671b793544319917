import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepView, keptKeys, keptView } from './kept-view.ts'
import { type LiveState, makeView } from './live-state.ts'
import { StateCache } from './state-cache.ts'

const TASK: LiveState = { kind: 'task', id: 'task_1', epoch: 1, state: 'active' }

function cacheWith(...states: readonly LiveState[]): StateCache {
  const cache = new StateCache(8)
  const read = cache.beginRead()
  for (const state of states) cache.keep(read, state)
  cache.endRead(read)
  return cache
}

test('a list of keys gets the view that it got before, only while every state is current', () => {
  const cache = cacheWith(TASK)
  const keys = keptKeys([TASK])
  const view = makeView([TASK])
  assert.equal(keptView(keys, cache), undefined)
  assert.equal(keepView(keys, view, cache), view)
  assert.equal(keptView(keys, cache), view)
  assert.equal(keptView(keys, cacheWith(TASK)), undefined, 'of another replica')
  cache.drop({ ...TASK, epoch: 2 })
  assert.equal(keptView(keys, cache), undefined, 'revoked')
})

test('a view is looked up by its keys again before its states could be the least recently used', () => {
  const cache = cacheWith(TASK)
  const keys = keptKeys([TASK])
  keepView(keys, makeView([TASK]), cache)
  const read = cache.beginRead()
  cache.keep(read, { ...TASK, id: 'task_2' })
  cache.endRead(read)
  assert.equal(keptView(keys, cache), undefined)
})

test('a list that was not made for it keeps no view', () => {
  const cache = cacheWith(TASK)
  const keys = [TASK]
  keepView(keys, makeView([TASK]), cache)
  assert.equal(keptView(keys, cache), undefined)
})
