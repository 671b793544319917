import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../lib/json.ts'
import { type AnswerPart, saidAs, saidBy } from './answered-amount.ts'

const said = (text: string, kind: AnswerPart['kind'], path: string) => {
  const { of } = { of: () => undefined, ...saidBy(parseJson(text)) }
  return of({ kind, path })
}

test('numbers of an answer are added up exactly, in ten-thousandths, wherever a path leads', () => {
  for (const [text, path, right] of [
    ['{"total":12.5}', '/total', 125_000n],
    ['{"total":0}', '/total', 0n],
    ['{"total":"12.50"}', '/total', 125_000n],
    ['{"total":1e3}', '/total', 10_000_000n],
    ['{"total":12.3456000}', '/total', 123_456n],
    // What is finer counts as a whole one, never as nothing.
    ['{"total":0.00001}', '/total', 1n],
    ['{"total":1e-300}', '/total', 1n],
    ['{"total":9007199254740993.0001}', '/total', 10n ** 16n],
    ['{"total":900719925474.0993}', '/total', 9_007_199_254_740_993n],
    ['{"items":[{"cost":0.1},{"cost":0.2}]}', '/items/*/cost', 3_000n],
    ['{"items":[{"cost":0.1},{"cost":0.2}]}', '/items/cost', 3_000n],
    ['{"items":[{"cost":0.1},{"cost":0.2}]}', '/items/1/cost', 2_000n],
    ['{"items":[]}', '/items/*/cost', 0n],
    ['{"by":{"a":1,"b":2}}', '/by/*', 30_000n],
    ['{"a/b":{"c~d":1}}', '/a~1b/c~0d', 10_000n],
  ] as const)
    assert.equal(said(text, 'charged', path), right, text)
})

test('what is missing anywhere, negative, or no number says nothing', () => {
  for (const [text, path] of [
    ['{}', '/total'],
    ['{"total":null}', '/total'],
    ['{"total":-1}', '/total'],
    ['{"total":"-1"}', '/total'],
    ['{"total":"12 €"}', '/total'],
    ['{"total":"0x10"}', '/total'],
    ['{"total":""}', '/total'],
    ['{"total":true}', '/total'],
    ['{"total":{"amount":1}}', '/total'],
    ['{"total":[]}', '/total/0'],
    ['{"items":[{"cost":1},{}]}', '/items/*/cost'],
    ['{"items":[{"cost":1},{"cost":-1}]}', '/items/*/cost'],
    ['"text"', '/total'],
    ['{"error":"no"}', '/constructor'],
  ] as const)
    assert.equal(said(text, 'charged', path), undefined, text)
})

test('rows are the items of a list, or of several', () => {
  for (const [text, path, right] of [
    ['{"rows":[1,2,3]}', '/rows', 3n],
    ['[1,2]', '', 2n],
    ['{"rows":[]}', '/rows', 0n],
    ['{"rows":null}', '/rows', 0n],
    ['{"pages":[{"rows":[1]},{"rows":[1,2]}]}', '/pages/rows', 3n],
    ['{"rows":{"0":1}}', '/rows', undefined],
    ['{"rows":3}', '/rows', undefined],
    ['{}', '/rows', undefined],
    ['{}', '', undefined],
  ] as const)
    assert.equal(said(text, 'rows', path), right, text)
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
