import assert from 'node:assert/strict'
import test from 'node:test'
import { Roster } from './roster.ts'

test('items are in the order in which they came, and leave once, from anywhere', () => {
  const roster = new Roster<string>()
  assert.deepEqual([[...roster], roster.size, roster.first?.item], [[], 0, undefined])
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((item) => roster.add(item))
  assert.ok(a && b && c && d)
  assert.deepEqual([[...roster], roster.size, roster.first?.item], [['a', 'b', 'c', 'd'], 4, 'a'])
  assert.equal(roster.leave(b), true)
  assert.equal(roster.leave(b), false)
  assert.deepEqual([[...roster], roster.size], [['a', 'c', 'd'], 3])
  assert.deepEqual([roster.leave(a), roster.leave(d)], [true, true])
  assert.deepEqual([[...roster], roster.size, roster.first?.item], [['c'], 1, 'c'])
  roster.add('e')
  assert.deepEqual([...roster], ['c', 'e'])
  assert.deepEqual([roster.leave(c), roster.leave(a)], [true, false])
  assert.deepEqual([[...roster], roster.first?.item], [['e'], 'e'])
})

test('whoever goes through it meets what was there when that began', () => {
  const roster = new Roster<string>()
  const places = ['a', 'b', 'c'].map((item) => roster.add(item))
  const met: string[] = []
  for (const item of roster) {
    met.push(item)
    for (const place of places) roster.leave(place)
    roster.add('later')
  }
  assert.deepEqual(met, ['a', 'b', 'c'])
  for (const place of roster.places()) roster.leave(place)
  assert.equal(roster.size, 0)
})

test('what has left refers to nothing, and nothing refers to it', () => {
  const roster = new Roster<object>()
  const [before, place, after] = [roster.add({}), roster.add({}), roster.add({})]
  roster.leave(place)
  assert.deepEqual(place, { item: undefined, before: undefined, after: undefined })
  assert.deepEqual([before.after === after, after.before === before], [true, true])
})
