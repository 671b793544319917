import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasShare, sharedBy } from './fair-share.ts'

/** Lets each holder take all it can, one after the other. */
function fill(places: number, holders: number): number[] {
  const held = new Map<string, number>()
  for (let n = 0; n < holders; n++) {
    const holder = String(n)
    while (hasShare(sharedBy(held, holder, places))) held.set(holder, (held.get(holder) ?? 0) + 1)
  }
  return [...held.values()]
}

test('each holder has a third of what others left', () => {
  assert.deepEqual(fill(30, 5), [10, 7, 5, 3, 2])
})

test('W4: wherever there are two places or more, one holder leaves one, and all together never take more than there are', () => {
  for (let places = 2; places <= 200; places++) {
    assert.equal(fill(places, 2).length, 2, String(places))
    const all = fill(places, 500).reduce((sum, each) => sum + each, 0)
    assert.equal(all, places, String(places))
  }
})
