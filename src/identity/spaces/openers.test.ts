import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../platform/lib/id.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { mayOpen, readAgents, readOpenerNames } from './openers.ts'
import type { Space, SpaceLine } from './space.ts'

type Rules = Partial<Pick<Space, 'people' | 'agents'>>

/** A line of spaces with these rules; those that say nothing inherit. */
function line(...spaces: readonly Rules[]): SpaceLine {
  return spaces.map((rules, i) => ({
    ...{ id: `s${i}`, parentId: null, kind: 'workspace', title: 's', mode: null, details: null },
    ...{ status: 'active', createdBy: 'operator', createdAt: 0, people: null, agents: null },
    ...rules,
  })) as unknown as SpaceLine // as: one space at least, in each test
}

const sam = { id: 'psn_sam', groups: ['support', 'night'] }
const bot = 'refund-bot'

test('a task is opened where some space lets person and agent in, by group or by name', () => {
  for (const people of [['group:support'], ['person:psn_sam'], ['group:other', 'group:night']])
    assert.equal(mayOpen(line({ people, agents: [bot] }), sam, bot), 'yes', people.join())
  assert.equal(mayOpen(line({ people: ['group:support'] }, { agents: [bot] }), sam, bot), 'yes')
})

test('whom a space does not let in is told, the person first', () => {
  const agents = [bot]
  for (const people of [
    ['group:sales'],
    ['person:psn_amy'],
    ['person:support'],
    ['group:psn_sam'],
    ['support'],
    ['psn_sam'],
    [],
  ])
    assert.equal(mayOpen(line({ people, agents }), sam, bot), 'person', people.join())
  const people = ['group:support']
  assert.equal(mayOpen(line({ people, agents: ['other-bot'] }), sam, bot), 'agent')
  assert.equal(mayOpen(line({ people, agents: [] }), sam, bot), 'agent')
})

test('a line in which no space says anything is open to no one', () => {
  assert.equal(mayOpen(line({}, {}), sam, bot), 'person')
  assert.equal(mayOpen(line({ people: ['group:support'] }), sam, bot), 'agent')
})

test('every space of the line that says something has to let both in', () => {
  const open = { people: ['group:support'], agents: [bot] }
  assert.equal(mayOpen(line(open, { people: ['group:sales'] }), sam, bot), 'person')
  assert.equal(mayOpen(line({ people: ['group:sales'] }, open), sam, bot), 'person')
  assert.equal(mayOpen(line(open, { agents: ['other-bot'] }), sam, bot), 'agent')
  assert.equal(mayOpen(line(open, {}, open), sam, bot), 'yes')
})

test('lists of people and agents are read sorted, each name once', () => {
  const id = newId('person', systemRandom)
  const people = [`person:${id}`, 'group:support', 'group:night', 'group:support']
  assert.deepEqual(readOpenerNames(people), ['group:night', 'group:support', `person:${id}`])
  assert.deepEqual(readAgents(['pay-bot', 'ask-bot', 'pay-bot']), ['ask-bot', 'pay-bot'])
  assert.deepEqual(readOpenerNames([]), [])
})

test('what cannot be a person, a group or an agent is refused with its name', () => {
  const id = newId('person', systemRandom)
  for (const wrong of [
    ...['support', 'group', 'group:', 'group:a b', 'person:', 'person:sam', 'team:support'],
    ...[`team:${id}`, `group:${'x'.repeat(200)}`, 'group:support:x', `person:${id}:x`, id],
  ])
    assert.throws(() => readOpenerNames(['group:night', wrong]), {
      code: 'space.bad',
      detail: `\`people\`: \`${wrong}\` does not exist`,
    })
  assert.throws(() => readAgents(['ask-bot', 'b c']), {
    code: 'space.bad',
    detail: '`agents`: `b c` does not exist',
  })
})

test('a list has at most 200 names', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `bot-${i}`)
  assert.equal(readAgents(names(200)).length, 200)
  assert.throws(() => readAgents(names(201)), {
    code: 'space.bad',
    detail: '`agents`: 200 at most',
  })
})
