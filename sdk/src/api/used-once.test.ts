import assert from 'node:assert/strict'
import { it } from 'node:test'
import { usedInMemory } from './used-once.ts'

it('lets an id through once, as long as it could come again, and forgets it then', () => {
  let now = 0
  const used = usedInMemory(() => now)
  assert.equal(used.use('a', 65_000), true)
  assert.equal(used.use('a', 65_000), false)
  assert.equal(used.use('b', 65_000), true)
  now = 65_000
  assert.equal(used.use('a', 65_000), false)
  now = 66_001
  assert.equal(used.use('c', 130_000), true)
  assert.equal(used.use('a', 65_000), true, 'forgotten: a token of then is too old by now')
})
