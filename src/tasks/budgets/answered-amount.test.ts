import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerVectors } from '../../../test/vectors/answers.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { unitsInWords } from './amount.ts'
import { reportedAmount, saidAs } from './answered-amount.ts'

test('what answers say of amounts, exactly, wherever a path leads; what is missing anywhere or no amount says nothing', () => {
  const { amounts } = answerVectors()
  assert.ok(amounts.length > 30)
  for (const { amount, answer, limit: kind, path } of amounts) {
    const said = reportedAmount(parseJson(answer))
    assert.ok(said.unsaid === undefined)
    const units = said.of({ kind, path })
    assert.equal(units === undefined ? null : unitsInWords(kind, units), amount, answer)
  }
})

test('an API that tells amounts itself is taken at its word for exactly those', () => {
  const told = saidAs([
    { kind: 'charged', path: '/total', amount: '12.50' },
    { kind: 'rows', path: '/rows', amount: '7' },
  ])
  assert.ok(told.unsaid === undefined)
  assert.equal(told.of({ kind: 'charged', path: '/total' }), 125_000n)
  assert.equal(told.of({ kind: 'rows', path: '/rows' }), 7n)
  assert.equal(told.of({ kind: 'rows', path: '/total' }), undefined)
  assert.equal(told.of({ kind: 'charged', path: '/rows' }), undefined)
})
