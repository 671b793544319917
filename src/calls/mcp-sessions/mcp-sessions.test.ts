import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SlotHolders } from '../../platform/lib/under-way/held-places.ts'
import { McpSessions } from './mcp-sessions.ts'

const MAX = { perTask: 2, all: 3, bytes: 100 }
/** Task of one person with one agent. */
const of = (task: string, person = 'sam', agent = 'bot'): SlotHolders => ({ task, agent, person })
const SESSION = { revision: '2025-11-25', id: 's' } as const

test('so many calls of a task are held at once, so many in all, and so many bytes', () => {
  const desk = new McpSessions()
  const a1 = desk.hold(of('a'), 10, MAX)
  const a2 = desk.hold(of('a'), 10, MAX)
  assert.ok(a1 && a2)
  assert.equal(desk.hold(of('a'), 10, MAX), undefined, 'a third of one task')
  const b1 = desk.hold(of('b'), 70, MAX)
  assert.ok(b1)
  assert.equal(desk.hold(of('c'), 0, MAX), undefined, 'a fourth in all')
  b1()
  assert.equal(desk.hold(of('b'), 81, MAX), undefined, 'more than fits')
  const b2 = desk.hold(of('b'), 80, MAX)
  assert.ok(b2)
  for (const release of [a1, a2, b2]) release()
  for (let round = 0; round < 1_000; round++) {
    const held = ['a', 'b', 'c'].map((task) => desk.hold(of(task), 30, MAX))
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

/** Takes places with ever new tasks of one person, until there are none left for it. */
function takeAll(take: (task: string) => (() => void) | undefined): number {
  for (let i = 0; ; i++) if (!take(`t${i}`)) return i
}

for (const kind of ['hold', 'bytes', 'listen'] as const)
  test(`W4: one person leaves places for others, however many tasks it has (${kind})`, () => {
    const desk = new McpSessions()
    const most = { perTask: 2, all: kind === 'bytes' ? 1_000 : 64, bytes: 6_400 }
    const take = (holders: SlotHolders) =>
      kind === 'listen' ? desk.listen(holders) : desk.hold(holders, 100, most)
    assert.ok(takeAll((task) => take(of(task))) > 4)
    assert.ok(take(of('other', 'fiona')), 'the same agent for another person')
    takeAll((task) => take(of(task, `person of ${task}`)))
    assert.ok(take(of('other', 'nils', 'desk')), 'another agent')
  })
