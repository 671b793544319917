import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_SUBSCRIPTIONS, type ResourceSubscription, Subscriptions } from './subscriptions.ts'

/** A subscription of a task that ends then; nothing else of its permit is looked at. */
function subscription(told: string, deadline: number): ResourceSubscription {
  const verdict = { ticket: { deadline } } as ResourceSubscription['verdict'] // as: said above
  return { server: 'notes', uri: told, told, verdict }
}

test('a session has so many subscriptions, each once', () => {
  const held = new Subscriptions()
  for (let i = 0; i < MAX_SUBSCRIPTIONS.each; i++) {
    assert.ok(held.hasRoom('a', 0))
    held.add('a', subscription(`note://${i}`, 10))
    held.add('a', subscription(`note://${i}`, 20))
  }
  assert.ok(!held.hasRoom('a', 0))
  assert.ok(held.hasRoom('b', 0))
  assert.equal(held.of('a').length, MAX_SUBSCRIPTIONS.each)
  assert.equal(held.drop('a', 'note://0')?.verdict.ticket.deadline, 20)
  assert.equal(held.drop('a', 'note://0'), undefined)
  assert.ok(held.hasRoom('a', 0))
  held.end('a')
  assert.deepEqual(held.of('a'), [])
})

test('all sessions have so many, and those of tasks that are over make room', () => {
  const held = new Subscriptions()
  for (let i = 0; i < MAX_SUBSCRIPTIONS.all; i++)
    held.add(`s${i >> 3}`, subscription(`note://${i}`, i < 8 ? 10 : 20))
  assert.ok(!held.hasRoom('other', 9))
  assert.ok(held.hasRoom('other', 10))
  assert.deepEqual(held.of('s0'), [])
  assert.equal(held.of('s1').length, 8)
})
