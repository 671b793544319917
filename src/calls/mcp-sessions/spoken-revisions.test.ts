import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpokenRevisions } from './spoken-revisions.ts'

test('a server with sessions is asked again in a while, one without only when it answers otherwise', () => {
  let now = 0
  const spoken = new SpokenRevisions(() => now)
  assert.equal(spoken.get('a', 'stateless'), undefined)
  spoken.set('a', 'stateless', 'sessions')
  spoken.set('b', 'stateless', 'stateless')
  now = 599_999
  assert.deepEqual(
    [spoken.get('a', 'stateless'), spoken.get('b', 'stateless')],
    ['sessions', 'stateless'],
  )
  now = 600_000
  assert.deepEqual(
    [spoken.get('a', 'stateless'), spoken.get('b', 'stateless')],
    [undefined, 'stateless'],
  )
  assert.equal(spoken.get('b', 'sessions'), undefined, 'for clients of the other generation')
  spoken.set('b', 'sessions', 'sessions')
  assert.equal(spoken.get('b', 'stateless'), 'stateless')
  spoken.forget('b')
  assert.equal(spoken.get('b', 'sessions'), undefined)
  assert.equal(spoken.get('b', 'stateless'), undefined)
})

test('so many servers are remembered, the newest', () => {
  const spoken = new SpokenRevisions(() => 0)
  for (let i = 0; i < 20_001; i++) spoken.set(`s${i}`, 'stateless', 'sessions')
  assert.deepEqual(
    [spoken.get('s0', 'stateless'), spoken.get('s1', 'stateless')],
    [undefined, 'sessions'],
  )
})
