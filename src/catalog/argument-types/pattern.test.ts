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

it('the worst case is 20 million steps, and no more', () => {
  const longest = 10_000
  for (const pattern of [
    '^a{0,1999}b{0,9999}$',
    '^a{1,2000}b{1,10000}$',
    '^a+b{0,1999}$',
    '^a*$',
    '^(?:a{0,1999}b{0,9999}){1}$',
    '^(?:a{1})+$',
    '^(?<na_1>a)$',
    '^[()*+]+$',
    '^[a(]+$',
    '^[\\](]+$',
    '^\\u{61}+$',
  ])
    assert.ok(isCheapPattern(pattern, longest), pattern)
  for (const pattern of [
    'a{0,1999}b{0,9999}$',
    '^a{0,1999}b{0,9999}$|c',
    '^a{0,2000}b{0,9999}$',
    '^a*b{0,1999}$',
    '^(?:a{0,1999}b{0,9999})?$',
    '^(a+)+',
    '^(a{2,})+$',
    '^(?=(?:a))b$',
    '^\\u{61}+b{0,9999}$',
    '^\\d{0,9999}\\d{0,9999}$',
    '^\\d*b*\\u{61}$',
  ])
    assert.ok(!isCheapPattern(pattern, longest), pattern)
})
