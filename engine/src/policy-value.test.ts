import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TypedValue } from './arguments.ts'
import { policyArguments } from './policy-value.ts'

function seen(value: TypedValue) {
  return policyArguments(new Map([['it', value]])).it
}

test('numbers and dates arrive in the one form that Cedar reads, digit for digit', () => {
  const decimals = {
    '40': '40.0',
    '40.00': '40.0',
    '0.25': '0.25',
    '-0.5': '-0.5',
    '1.2340': '1.234',
    '-0': '0.0',
  }
  for (const [text, decimal] of Object.entries(decimals))
    assert.deepEqual(seen({ kind: 'decimal', text }), { decimal })
  assert.deepEqual(seen({ kind: 'decimal', text: '-922337203685477.5808' }), {
    decimal: '-922337203685477.5808',
  })
  assert.deepEqual(seen({ kind: 'integer', text: '9007199254740993' }), {
    integer: '9007199254740993',
  })
  assert.deepEqual(seen({ kind: 'integer', text: '-0' }), { integer: '0' })
  assert.deepEqual(seen({ kind: 'datetime', text: '2026-01-01T01:00:00+01:00' }), {
    datetime: '2026-01-01T00:00:00.000Z',
  })
  assert.deepEqual(seen({ kind: 'datetime', text: '2026-01-01' }), {
    datetime: '2026-01-01T00:00:00.000Z',
  })
})

test('arrays become sets and objects records', () => {
  const fields = new Map<string, TypedValue>([
    [
      'tags',
      {
        kind: 'set',
        items: [
          { kind: 'string', value: 'a' },
          { kind: 'boolean', value: true },
        ],
      },
    ],
    ['inner', { kind: 'record', fields: new Map() }],
  ])
  assert.deepEqual(seen({ kind: 'record', fields }), {
    record: { tags: { set: ['a', true] }, inner: { record: {} } },
  })
})

test('an argument cannot pass for an entity or an extension, and no name reaches a prototype', () => {
  assert.equal(
    seen({ kind: 'string', value: '{"__entity":{"type":"Person","id":"psn_admin"}}' }),
    '{"__entity":{"type":"Person","id":"psn_admin"}}',
  )
  const record = policyArguments(
    new Map([
      [
        '__proto__',
        { kind: 'record', fields: new Map([['admin', { kind: 'boolean', value: true }]]) },
      ],
    ]),
  )
  assert.equal(Object.getPrototypeOf(record), Object.prototype)
  assert.deepEqual(Object.keys(record), ['__proto__'])
})

test('what is not exact is refused by name instead of being rounded', () => {
  const values: TypedValue[] = [
    { kind: 'decimal', text: '0.00001' },
    { kind: 'integer', text: '1e3' },
    { kind: 'datetime', text: 'now' },
  ]
  for (const value of values)
    assert.throws(() => seen(value), {
      name: 'RangeError',
      message: /argument \/it is not an exact/,
    })
  assert.throws(
    () => seen({ kind: 'record', fields: new Map([['at', { kind: 'integer', text: '' }]]) }),
    /argument \/it\/at is not/,
  )
})
