import assert from 'node:assert/strict'
import { test } from 'node:test'
import { McpSessions } from './mcp-sessions.ts'

const MAX = { perTask: 2, all: 3, bytes: 100 }
const SESSION = { revision: '2025-11-25', id: 's' } as const

test('so many calls of a task are held at once, so many in all, and so many bytes', () => {
  const desk = new McpSessions()
  const a1 = desk.hold('a', 10, MAX)
  const a2 = desk.hold('a', 10, MAX)
  assert.ok(a1 && a2)
  assert.equal(desk.hold('a', 10, MAX), undefined, 'a third of one task')
  const b1 = desk.hold('b', 70, MAX)
  assert.ok(b1)
  assert.equal(desk.hold('c', 0, MAX), undefined, 'a fourth in all')
  b1()
  assert.equal(desk.hold('b', 81, MAX), undefined, 'more than fits')
  const b2 = desk.hold('b', 80, MAX)
  assert.ok(b2)
  for (const release of [a1, a2, b2]) release()
  for (let round = 0; round < 1_000; round++) {
    const held = ['a', 'b', 'c'].map((task) => desk.hold(task, 30, MAX))
    for (const release of held) {
      assert.ok(release)
      release()
    }
  }
})

test('one request of an id at a time, in its own conversation, and it can be asked again when it is done', () => {
  const desk = new McpSessions()
  const signal = desk.begin('k', '1')
  assert.ok(signal)
  assert.equal(desk.begin('k', '1'), undefined)
  assert.ok(desk.begin('other', '1'))
  assert.ok(desk.begin('k', '"1"'), 'a string is another id')
  desk.cancel('other', '1')
  desk.cancel('k', '"1"')
  desk.cancel('k', '2')
  assert.equal(signal.aborted, false)
  desk.cancel('k', '1')
  assert.equal(signal.aborted, true)
  desk.done('k', '1')
  desk.cancel('k', '1')
  assert.equal(desk.begin('k', '1')?.aborted, false)
})

test('what is only remembered is bounded: the oldest is forgotten first', () => {
  const desk = new McpSessions()
  for (let i = 0; i < 10_001; i++) {
    desk.end(`k${i}`)
    desk.reopen(`k${i}`, SESSION)
  }
  assert.equal(desk.hasEnded('k0'), false)
  assert.equal(desk.reopened('k0'), undefined)
  for (const key of ['k1', 'k10000']) {
    assert.equal(desk.hasEnded(key), true)
    assert.equal(desk.reopened(key), SESSION)
  }
})
