import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wantedStepUp } from './wanted-step-up.ts'

const BAD = { code: 'oauth.invalid_request' }

function wanted(parameters: Readonly<Record<string, string>>, always?: boolean) {
  return wantedStepUp(new Map(Object.entries(parameters)), always)
}

test('a request that wants no certain sign-in has none', () => {
  assert.equal(wanted({}), null)
  assert.equal(wanted({ acr_values: ' ' }), null)
})

test('strengths are read in their order, and the age in seconds', () => {
  const both = { acr_values: 'mfa  pwd', max_age: '60' }
  assert.deepEqual(wanted(both), { acrValues: ['mfa', 'pwd'], maxAgeSeconds: 60 })
  assert.deepEqual(wanted({ acr_values: 'mfa' }), { acrValues: ['mfa'], maxAgeSeconds: null })
  assert.deepEqual(wanted({ max_age: '0' }), { acrValues: [], maxAgeSeconds: 0 })
})

test('a person who has to sign in again in any case is asked to, whatever age was wanted', () => {
  assert.deepEqual(wanted({}, true), { acrValues: [], maxAgeSeconds: 0 })
  assert.deepEqual(wanted({ max_age: '60' }, true), { acrValues: [], maxAgeSeconds: 0 })
})

test('at most ten strengths are taken, of at most 255 visible characters', () => {
  const ten = Array.from({ length: 10 }, (_, i) => `a${i}`)
  assert.deepEqual(wanted({ acr_values: ten.join(' ') })?.acrValues, ten)
  assert.throws(() => wanted({ acr_values: [...ten, 'b'].join(' ') }), BAD)
  assert.ok(wanted({ acr_values: 'x'.repeat(255) }))
  for (const bad of ['x'.repeat(256), 'a"b', 'a\\b', 'mfa \u007f', 'é', '\tmfa', 'mfa\t'])
    assert.throws(() => wanted({ acr_values: bad }), BAD, bad)
})

test('an age is one to nine digits', () => {
  assert.equal(wanted({ max_age: '9'.repeat(9) })?.maxAgeSeconds, 999_999_999)
  for (const bad of ['1'.repeat(10), '-1', '1.5', ' 1', '1 ', 'x1', '1x'])
    assert.throws(() => wanted({ max_age: bad }), BAD, bad)
})
