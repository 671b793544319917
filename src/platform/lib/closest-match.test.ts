import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './closest-match.ts'

test('letters that changed places are one step, so the word that was meant is nearer than a shorter one', () => {
  assert.equal(nearest('notes.raed', ['notes.add', 'notes.read']), 'did you mean `notes.read`?')
  assert.equal(nearest('raed', ['add', 'read']), 'did you mean `read`?')
})

test('what is far from everything is nothing', () => {
  assert.equal(nearest('invoices', ['read', 'write']), undefined)
  assert.equal(nearest('abc', ['xyz']), undefined)
})
