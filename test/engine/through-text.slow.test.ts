/**
 * Tests as differential.test.ts does, but the JSON that is compiled is what the official tools read
 * from text.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTexts, SHARE, seeds } from './differential.ts'

for (const part of [0, 1]) {
  test(`policies that went through text (${part + 1} of 2)`, () => {
    assert.equal(compareTexts(seeds(1e7 + 1e6 * part, 190 * SHARE), 80), 15_200 * SHARE)
  })
}
