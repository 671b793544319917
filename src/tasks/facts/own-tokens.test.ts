import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unusableBearer } from './own-tokens.ts'

test('a bearer token in the form of a signed one is told its scheme', () => {
  for (const token of ['a.b.c', 'eyJ0.e_-9.AZaz09_-'])
    assert.equal(unusableBearer(token).code, 'token.wrong_scheme', token)
})

test('any other bearer token is none', () => {
  for (const token of [
    '',
    'remit_at_x',
    'a.b',
    'a.b.c.d',
    'a..c',
    '.b.c',
    'a.b.',
    ' a.b.c',
    'a.b.c=',
  ])
    assert.equal(unusableBearer(token).code, 'token.malformed', token)
})
