import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallRow } from './call-rows.ts'
import { listMembers, MAX_MEMBERS } from './list-members.ts'

function found(displays: Record<string, string>, given: Record<string, unknown>) {
  return listMembers(displays, (path) => rows(given[path.slice(1)]))
}

function rows(value: unknown): readonly CallRow[] {
  if (value === undefined) return []
  if (typeof value === 'string') return [{ place: 'query', name: 'x', value: { text: value } }]
  return [{ place: 'body', name: 'x', value: { json: JSON.stringify(value) } }]
}

const texts = (...args: Parameters<typeof found>) =>
  found(...args).map(({ name, text }) => `${name}: ${text}`)

test('values in lists are found with what stands beside them', () => {
  const items = [{ amount: 12.5, currency: 'EUR' }, { amount: 7 }, 'odd', null]
  const members = found({ '/items/*/amount': 'unit:kg', '/day': 'date' }, { items, day: 'x' })
  assert.deepEqual(
    members.map(({ display, name, text, textAt }) => [
      ...[name, text, display, textAt('/items/*/currency'), textAt('/day')],
    ]),
    [
      ['items 1, amount', '12.5', 'unit:kg', 'EUR', 'x'],
      ['items 2, amount', '7', 'unit:kg', undefined, 'x'],
    ],
  )
})

test('lists within objects and lists, and lists of plain values', () => {
  const order = { rows: [{ to: ['a', 'b'] }, { to: ['c'] }] }
  assert.deepEqual(texts({ '/order/rows/*/to/*': 'person' }, { order }), [
    ...['order/rows 1, to 1: a', 'order/rows 1, to 2: b', 'order/rows 2, to 1: c'],
  ])
  assert.deepEqual(texts({ '/a~1b/*': 'person' }, { 'a~1b': ['x'] }), ['a~1b 1: x'])
})

test('a parameter that is repeated is a list, also once', () => {
  const twice = [...rows('ann'), ...rows('[1]')]
  const shown = listMembers({ '/to/*': 'person' }, () => twice).map(({ text }) => text)
  assert.deepEqual(shown, ['ann', '[1]'])
  assert.deepEqual(texts({ '/to/*': 'person' }, { to: 'ann' }), ['to 1: ann'])
})

test('a call of another shape has none, and no list is too long', () => {
  for (const items of [undefined, {}, { 0: { amount: 1 } }, { '*': { amount: 1 } }, 5, [[1]]])
    assert.deepEqual(texts({ '/items/*/amount': 'unit:kg' }, { items }), [])
  const many = Array.from({ length: 1000 }, () => 'a')
  assert.equal(
    found({ '/to/*': 'person', '/cc/*': 'person' }, { to: many }).length,
    MAX_MEMBERS + 1,
  )
  assert.deepEqual(texts({ '/to/*': 'person' }, { to: ['a'.repeat(70_000)] }), [])
})
