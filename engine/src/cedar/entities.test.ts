import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntityStore } from './entities.ts'
import { recordOfShape } from './policy-values.ts'
import type { RecordShape } from './shape.ts'

const NOTHING = new Map<string, never>()
const ref = (id: number, type = 'Group') => ({ type, id: String(id) })
const entity = (id: number, ...parents: number[]) => ({
  uid: ref(id),
  attributes: NOTHING,
  tags: NOTHING,
  parents: parents.map((parent) => ref(parent)),
})

// A few are looked through, many are hashed: the sizes are around where that changes.
const SIZES = [1, 2, 11, 12, 13, 14, 40]

test('a store finds each of its entities, and nothing else, however many there are', () => {
  for (const size of SIZES) {
    const store = new EntityStore(Array.from({ length: size }, (_, id) => entity(id)))
    for (let id = 0; id < size; id++) assert.equal(store.get(ref(id))?.uid.id, String(id))
    assert.equal(store.get(ref(size)), undefined)
    assert.equal(store.get(ref(0, 'Person')), undefined)
  }
})

test('an entity that is there twice is refused, however many there are', () => {
  for (const size of SIZES) {
    const all = Array.from({ length: size }, (_, id) => entity(id))
    for (const again of [0, size - 1])
      assert.throws(() => new EntityStore([...all, entity(again)]), /is there twice/)
  }
})

test('a circle is refused, also of one and of two; what only meets again above is none', () => {
  for (const size of SIZES) {
    const circle = Array.from({ length: size }, (_, id) => entity(id, (id + 1) % size))
    assert.throws(() => new EntityStore(circle), /is above itself/, `${size}`)
    const line = Array.from({ length: size }, (_, id) => entity(id, id + 1, id + 2))
    const above = new EntityStore(line).get(ref(0))?.ancestors
    assert.equal(above?.all.length, size + 1)
    assert.ok(above?.has(ref(size + 1)))
  }
})

test('what one store found of a base says nothing about the next', () => {
  const base = new EntityStore([entity(1, 2), entity(3, 4)])
  // What is above entity 1 leads nowhere here, and back to it there.
  assert.ok(new EntityStore([entity(2, 3), entity(5, 1)], base).get(ref(5)))
  for (let again = 0; again < 2; again++)
    assert.throws(() => new EntityStore([entity(2, 1), entity(5, 1)], base), /is above itself/)
  assert.ok(new EntityStore([entity(2, 3), entity(5, 1)], base).get(ref(5)))
})

test('a member must be declared, and may not be named like a reference even where it is', () => {
  const text = { kind: 'string' } as const
  const shape: RecordShape = {
    kind: 'record',
    fields: new Map([
      ['a', { shape: text, optional: false }],
      ['b', { shape: text, optional: true }],
      ['__entity', { shape: text, optional: true }],
    ]),
  }
  assert.deepEqual([...recordOfShape({ a: '1', b: '2' }, shape).members.keys()], ['a', 'b'])
  assert.deepEqual([...recordOfShape({ a: '1' }, shape).members.keys()], ['a'])
  assert.throws(() => recordOfShape({ b: '2' }, shape), /`a` is missing/)
  assert.throws(() => recordOfShape({ a: '1', c: '3' }, shape), /`c` is not declared/)
  assert.throws(() => recordOfShape({ a: '1', __entity: '4' }, shape), /two underscores/)
})
