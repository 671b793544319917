import assert from 'node:assert/strict'
import test from 'node:test'
import { LinkedSet } from './linked-set.ts'

test('items are in the order in which they came, and leave once, from anywhere', () => {
  const set = new LinkedSet<string>()
  assert.deepEqual([[...set], set.size, set.first?.item], [[], 0, undefined])
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((item) => set.add(item))
  assert.ok(a && b && c && d)
  assert.deepEqual([[...set], set.size, set.first?.item], [['a', 'b', 'c', 'd'], 4, 'a'])
  assert.equal(set.leave(b), true)
  assert.equal(set.leave(b), false)
  assert.deepEqual([[...set], set.size], [['a', 'c', 'd'], 3])
  assert.deepEqual([set.leave(a), set.leave(d)], [true, true])
  assert.deepEqual([[...set], set.size, set.first?.item], [['c'], 1, 'c'])
  set.add('e')
  assert.deepEqual([...set], ['c', 'e'])
  assert.deepEqual([set.leave(c), set.leave(a)], [true, false])
  assert.deepEqual([[...set], set.first?.item], [['e'], 'e'])
})

test('whoever goes through it meets what was there when that began', () => {
  const set = new LinkedSet<string>()
  const places = ['a', 'b', 'c'].map((item) => set.add(item))
  const met: string[] = []
  for (const item of set) {
    met.push(item)
    for (const place of places) set.leave(place)
    set.add('later')
  }
  assert.deepEqual(met, ['a', 'b', 'c'])
  for (const place of set.places()) set.leave(place)
  assert.equal(set.size, 0)
})

test('what has left refers to nothing, and nothing refers to it', () => {
  const set = new LinkedSet<object>()
  const [before, place, after] = [set.add({}), set.add({}), set.add({})]
  set.leave(place)
  assert.deepEqual(place, { item: undefined, before: undefined, after: undefined })
  assert.deepEqual([before.after === after, after.before === before], [true, true])
})
