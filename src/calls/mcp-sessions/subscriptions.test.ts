import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_SUBSCRIPTIONS, type ResourceSubscription, Subscriptions } from './subscriptions.ts'

const SAMS = { task: 't1', agent: 'bot', person: 'sam' }
const FIONAS = { task: 't2', agent: 'desk', person: 'fiona' }

/** A subscription of a task that ends then; nothing else of its permit is looked at. */
function subscription(told: string, deadline: number, of = SAMS): ResourceSubscription {
  const { agent, person, task } = of
  const verdict = {
    ...{ agent, person: { id: person }, task: { id: task } },
    ticket: { deadline },
  } as ResourceSubscription['verdict'] // as: said above
  return { server: 'notes', uri: told, told, verdict }
}

test('a session has so many subscriptions, each once', () => {
  const held = new Subscriptions()
  for (let i = 0; i < MAX_SUBSCRIPTIONS.each; i++) {
    assert.ok(!held.isFull('a'))
    held.add('a', subscription(`note://${i}`, 10))
    held.add('a', subscription(`note://${i}`, 20))
  }
  assert.ok(held.isFull('a'))
  assert.ok(!held.isFull('b'))
  assert.equal(held.of('a').length, MAX_SUBSCRIPTIONS.each)
  assert.equal(held.drop('a', 'note://0')?.verdict.ticket.deadline, 20)
  assert.equal(held.drop('a', 'note://0'), undefined)
  assert.ok(!held.isFull('a'))
  held.end('a')
  assert.deepEqual(held.of('a'), [])
})

test('all sessions have so many, and those of tasks that are over make room', () => {
  const held = new Subscriptions()
  const each = (i: number) => ({ ...SAMS, task: `t${i}`, agent: `a${i}`, person: `p${i}` })
  for (let i = 0; i < MAX_SUBSCRIPTIONS.all; i++) {
    const made = subscription(`note://${i}`, i < 8 ? 10 : 20, each(i))
    assert.ok(held.add(`s${i >> 3}`, made), 'nobody has more than a share')
  }
  assert.ok(!held.hasRoom(FIONAS, 9))
  assert.ok(held.hasRoom(FIONAS, 10))
  assert.deepEqual(held.of('s0'), [])
  assert.equal(held.of('s1').length, 8)
})

test('W4: one person leaves places for others, however many sessions and agents it has', () => {
  const held = new Subscriptions()
  const add = (i: number) => {
    const of = { ...SAMS, task: `t${i}`, agent: `a${i}` }
    return held.add(`s${i}`, subscription(`note://${i}`, 20, of))
  }
  let taken = 0
  while (add(taken)) taken++
  assert.ok(taken < MAX_SUBSCRIPTIONS.all)
  assert.ok(held.hasRoom(FIONAS, 0))
  held.end('s0')
  assert.ok(add(0), 'what ended gives its place back')
})
