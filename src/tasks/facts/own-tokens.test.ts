import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { ownTokens, unusableBearer } from './own-tokens.ts'
import type { FactParts } from './parts.ts'

test('tokens of ours are checked by the keys, the clock and the memory of the server, and by nothing else', () => {
  const [keys, verified] = [{}, {}] as unknown as [FactParts['keys'], FactParts['verified']] // as: only handed on
  const needed = { issuer: 'https://remit.example', keys, clock: manualClock(), verified }
  const parts = { ...needed, storage: {} }
  assert.deepEqual(ownTokens(parts), needed)
})

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
