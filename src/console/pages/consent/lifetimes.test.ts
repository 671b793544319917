import assert from 'node:assert/strict'
import { it } from 'node:test'
import { endOf } from './lifetimes.ts'

it('the length is one of those offered', () => {
  assert.equal(endOf(new Map([['lifetime', 'hour']]), 1_000), 3_601_000)
  assert.equal(endOf(new Map([['lifetime', 'open']]), 1_000), undefined)
  assert.throws(() => endOf(new Map([['lifetime', 'century']]), 1_000), {
    code: 'request.malformed',
  })
})
