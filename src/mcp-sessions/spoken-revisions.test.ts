import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpokenRevisions } from './spoken-revisions.ts'

test('a server with sessions is asked again in a while, one without only when it answers otherwise', () => {
  let now = 0
  const spoken = new SpokenRevisions(() => now)
  assert.equal(spoken.get('a'), undefined)
  spoken.set('a', 'sessions')
  spoken.set('b', 'stateless')
  now = 599_999
  assert.deepEqual([spoken.get('a'), spoken.get('b')], ['sessions', 'stateless'])
  now = 600_000
  assert.deepEqual([spoken.get('a'), spoken.get('b')], [undefined, 'stateless'])
  spoken.forget('b')
  assert.equal(spoken.get('b'), undefined)
})

test('so many servers are remembered, the newest', () => {
  const spoken = new SpokenRevisions(() => 0)
  for (let i = 0; i < 10_001; i++) spoken.set(`s${i}`, 'sessions')
  assert.deepEqual([spoken.get('s0'), spoken.get('s1')], [undefined, 'sessions'])
})
