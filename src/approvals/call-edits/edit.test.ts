import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ARGUMENT_LIMITS } from '@remit/engine'
import { readEdits } from './edit.ts'

const BAD = { code: 'approval.bad_edit' }

test('changes are numbers as texts, and places of items that stay', () => {
  const edits = [
    { path: '/amount', text: '1'.repeat(32) },
    { path: '/to', keep: [0, 2] },
    { path: '/none', keep: [] },
  ]
  assert.deepEqual(readEdits(edits), edits)
  assert.deepEqual(readEdits([]), [])
})

test('at most 16 arguments change, and as many items stay as a list may have', () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ path: '/a', text: '1' }))
  assert.equal(readEdits(many(16)).length, 16)
  assert.throws(() => readEdits(many(17)), BAD)
  const kept = (count: number) => [{ path: '/to', keep: Array<number>(count).fill(0) }]
  assert.ok(readEdits(kept(ARGUMENT_LIMITS.items)))
  assert.throws(() => readEdits(kept(ARGUMENT_LIMITS.items + 1)), BAD)
})

test('what is no list of changes is refused', () => {
  for (const value of [undefined, null, 5, 'x', {}, { length: 1 }])
    assert.throws(() => readEdits(value), { ...BAD, detail: 'it is no list of changes' })
})

test('a change of another form is refused', () => {
  for (const edit of [
    ...[undefined, null, 5, 'x', [], {}],
    ...[{ text: '1' }, { path: 5, text: '1' }, { path: '/a' }, { path: '/a', other: '1' }],
    ...[
      { path: '/a', text: 5 },
      { path: '/a', text: '1'.repeat(33) },
      { path: '/a', text: [] },
    ],
    ...[
      { path: '/a', text: '1', keep: [0] },
      { path: '/a', text: '1', more: 1 },
    ],
    ...[
      { path: '/a', keep: '0' },
      { path: '/a', keep: { length: 1 } },
      { path: '/a', other: [0] },
    ],
    ...[['0'], [0.5], [Number.NaN], [null], [2 ** 53], [0, '1']].map((keep) => ({
      path: '/a',
      keep,
    })),
  ])
    assert.throws(
      () => readEdits([edit]),
      { ...BAD, detail: 'a change is not valid' },
      JSON.stringify(edit),
    )
})
