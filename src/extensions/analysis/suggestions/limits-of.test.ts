import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArgumentKind } from '@remit/engine'
import { limitsOf } from './limits-of.ts'
import type { UsedArgument } from './used.ts'

/** Limit for an argument of so many calls; `undefined`: none. */
function limitFor(
  kind: ArgumentKind | undefined,
  over: Partial<UsedArgument> = {},
  calls = 20,
): readonly [why: string, values: readonly string[]] | undefined {
  const argument = { path: '/a', seen: calls, values: undefined, most: undefined, ...over }
  const used = { location: 'https://a', action: 'a.do', calls, arguments: [argument] }
  const [limit, ...more] = limitsOf(used, () => kind)
  assert.equal(more.length, 0)
  if (!limit) return undefined
  assert.deepEqual([limit.path, limit.seen], ['/a', calls])
  assert.equal(limit.op, limit.why === 'most' ? 'most' : 'in')
  return [limit.why, limit.values]
}

const counted = (...counts: readonly number[]) =>
  new Map(counts.map((count, i) => [String.fromCharCode(97 + i), count]))

test('fewer than five calls show nothing', () => {
  assert.deepEqual(limitFor('string', { values: counted(5) }, 5), ['always', ['a']])
  assert.equal(limitFor('string', { values: counted(4) }, 4), undefined)
})

test('an argument that a call did not have, or that has no kind, has no limit', () => {
  assert.equal(limitFor('string', { values: counted(20), seen: 19 }), undefined)
  assert.equal(limitFor(undefined, { values: counted(20) }), undefined)
})

test('what was the same in every call is a limit of every kind', () => {
  for (const kind of ['string', 'boolean', 'integer', 'decimal', 'datetime'] as const)
    assert.deepEqual(limitFor(kind, { values: counted(20) }), ['always', ['a']], kind)
})

test('a few texts that each came several times are a limit, and others are not', () => {
  assert.deepEqual(limitFor('string', { values: counted(5, 5, 5, 5) }), [
    'few',
    ['a', 'b', 'c', 'd'],
  ])
  assert.equal(limitFor('string', { values: counted(5, 5, 5, 4) }), undefined)
  assert.equal(limitFor('string', { values: counted(5, 5, 5, 5, 5) }, 25), undefined)
  assert.equal(limitFor('string', { values: counted() }), undefined)
  assert.equal(limitFor('boolean', { values: counted(10, 10) }), undefined)
})

test('a number has the largest that was seen as its limit, and room above it', () => {
  for (const kind of ['integer', 'decimal'] as const) {
    const [why, [value = '']] = limitFor(kind, { most: '100' }) ?? ['', []]
    assert.equal(why, 'most')
    assert.ok(Number(value) >= 100)
  }
  assert.equal(limitFor('integer'), undefined)
  assert.equal(limitFor('integer', { most: '0' }), undefined, 'no room above it')
  assert.equal(limitFor('datetime', { most: '100' }), undefined)
  assert.equal(limitFor('integer', { most: '7', values: counted(10, 10) })?.[0], 'most')
})
