import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isCheapPattern } from './pattern.ts'

it('patterns whose worst case is cheap are used', () => {
  for (const pattern of [
    '^[0-9]{1,12}$',
    '^cus_[0-9]{1,12}$',
    '^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$',
    '^\\d+(\\.\\d{1,4})?$',
    '^(?:[0-9a-f]{4}-){2}[0-9a-f]{4}$',
    '^(a|b|c)$',
    '^\\p{L}+$',
    '^[\\]a-z]+$',
    'abc',
    '^[^@]{1,64}@[^@]{1,64}$',
  ]) {
    assert.ok(isCheapPattern(pattern, 4096), pattern)
  }
})

it('patterns that could explode, or cannot be read, are left to the API', () => {
  for (const pattern of [
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|ab)*$',
    '^(a?){50}$',
    '^([a-z]+-?)*$',
    '(x+x+)+y',
    '^a*a*a*a*$',
    '^(?=a)b$',
    '^(?!a)b$',
    '^(?<=a)b$',
    '^(a)\\1*$',
    '^(?<n>a)\\k<n>$',
    '^((a{1,100}){1,100}){1,100}$',
    '(',
    '[',
    '^\\z$',
  ]) {
    assert.ok(!isCheapPattern(pattern, 4096), pattern)
  }
})
