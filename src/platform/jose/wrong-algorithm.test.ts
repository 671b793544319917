import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrongAlgorithm } from './wrong-algorithm.ts'

test('O: the algorithm that came is named, where it can be one', () => {
  const accepted = ['ES256', 'PS256']
  assert.equal(wrongAlgorithm('RS512', accepted), '`alg` must be ES256 or PS256, not `RS512`')
  for (const odd of [undefined, 5, '', 'x'.repeat(17), 'a\u202eb'])
    assert.equal(wrongAlgorithm(odd, accepted), '`alg` must be ES256 or PS256')
})
