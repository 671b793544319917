import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { RecordShape, ValueShape } from './shape.ts'
import { shapedRecord, type UnknownMembers } from './shaped-value.ts'

const LONG: ValueShape = { is: 'Long' }
const INNER: RecordShape = {
  is: 'record',
  members: new Map([['n', { shape: LONG, required: true }]]),
}
const DECIMAL: ValueShape = { is: 'extension', fn: 'decimal' }
const FILES = { bytes: 4096, allowed: ['__entity', '__extn'] } as const

/** Value of a member `m`, JSON text, as a schema shapes it; of a refusal the member that it is about, and its words. */
function shaped(shape: ValueShape, text: string, unknown: UnknownMembers = 'closed'): unknown {
  const value = parseJson(`{"m":${text}}`, FILES)
  assert.ok(isObject(value))
  const record: RecordShape = {
    is: 'record',
    members: new Map([['m', { shape, required: false }]]),
  }
  try {
    return shapedRecord(value, record, unknown).m
  } catch (error) {
    assert.ok(error instanceof Problem)
    assert.equal(error.code, 'evaluation.does_not_fit')
    return [error.members.pointer, error.detail]
  }
}

function refused(shape: ValueShape, words: string, ...texts: readonly string[]): void {
  for (const text of texts) assert.deepEqual(shaped(shape, text), ['/m', `\`/m\` ${words}`], text)
}

test('truth values and texts are what they are, and nothing else', () => {
  assert.equal(shaped({ is: 'Bool' }, 'true'), true)
  assert.equal(shaped({ is: 'String' }, '"a"'), 'a')
  refused({ is: 'Bool' }, 'has to be true or false', '"true"', '1', '[]')
  refused({ is: 'String' }, 'has to be a text', 'true', '1', '{}')
})

test('a whole number is exact, and fits 64 bits', () => {
  assert.equal(shaped(LONG, '-12'), -12)
  assert.equal(shaped(LONG, '9007199254740993'), 9007199254740993n)
  assert.equal(shaped(LONG, '9223372036854775807'), 9223372036854775807n)
  assert.equal(shaped(LONG, '-9223372036854775808'), -9223372036854775808n)
  refused(LONG, 'has to be a whole number', '1.0', '1e3', '"1"', 'true', `1${'0'.repeat(19)}`)
  refused(LONG, 'does not fit 64 bits', '9223372036854775808', '-9223372036854775809')
})

test('a decimal is a number, or a text, of one to four places', () => {
  const decimal = (arg: string) => ({ __extn: { fn: 'decimal', arg } })
  for (const [text, arg] of [
    ['12', '12.0'],
    ['-12', '-12.0'],
    ['12.5', '12.5'],
    ['"0012.5000"', '0012.5000'],
    ['{"__extn":{"fn":"decimal","arg":"1.5"}}', '1.5'],
  ] as const)
    assert.deepEqual(shaped(DECIMAL, text), decimal(arg), text)
  refused(
    DECIMAL,
    'has to be a number with one to four decimal places',
    ...['"12"', '12.55555', '1e3', '"x1.5"', '"1.5x"', 'true', '"922337203685477.5808"'],
    ...['{"__extn":{"fn":"ip","arg":"1.5"}}', '{"__extn":{"fn":"decimal"}}'],
    `"${'0'.repeat(64)}1.0"`,
    ...[
      '{"__extn":{"fn":"decimal","arg":null}}',
      '{"__extn":{"fn":"decimal","arg":"1.5","more":1}}',
    ],
    ...['{"__extn":{"fn":"decimal","arg":"1.5"},"more":1}', '{"__extn":"1.5"}', '{}'],
  )
})

test('dates, durations and addresses are texts as Cedar writes them', () => {
  for (const [fn, good, bad] of [
    [
      'datetime',
      [
        '2026-01-02',
        '2026-01-02T03:04:05Z',
        '2026-01-02T03:04:05.678Z',
        '2026-01-02T03:04:05+0100',
      ],
      ['2026-1-2', '2026-01-02T03:04Z', '2026-13-02', 'x2026-01-02', '2026-01-02x'],
    ],
    [
      'duration',
      ['1d2h3m4s5ms', '-1h', '0ms', '9223372036854775807ms'],
      ['', '-', 'h', '1', '2h1d', '9223372036854775808ms', 'x1h', '1hx'],
    ],
    [
      'ip',
      ['192.0.2.1', '2001:db8::/32', '::'],
      ['', '1', '192.0.2.256', '192.0.2.0/33', 'example.com', 'x::1', '::1x', '::/1234'],
    ],
  ] as const) {
    for (const arg of good)
      assert.deepEqual(
        shaped({ is: 'extension', fn }, JSON.stringify(arg)),
        { __extn: { fn, arg } },
        arg,
      )
    for (const arg of bad)
      assert.ok(Array.isArray(shaped({ is: 'extension', fn }, JSON.stringify(arg))), arg)
  }
  refused(
    { is: 'extension', fn: 'ip' },
    'has to be an IP address or a range of them',
    ...['1', '{"__extn":{"fn":"ip","arg":1}}'],
  )
})

test('an entity is its id, or its id with its type, and of the type that the schema says', () => {
  const user: ValueShape = { is: 'entity', type: 'User' }
  for (const text of [
    '"ann"',
    '{"type":"User","id":"ann"}',
    '{"__entity":{"type":"User","id":"ann"}}',
  ])
    assert.deepEqual(shaped(user, text), { __entity: { type: 'User', id: 'ann' } }, text)
  refused(
    user,
    'has to be an entity of the type `User`',
    ...['1', '{}', '{"type":"Group","id":"ann"}', '{"type":"User"}', '{"type":"User","id":1}'],
    ...['{"type":"User","id":"ann","more":1}', '{"__entity":"ann"}', '[]'],
    ...['{"__entity":{"type":"User","id":"ann"},"more":1}'],
  )
})

test('a set is a list, whose items are told by their places', () => {
  const set: ValueShape = { is: 'set', items: LONG }
  assert.deepEqual(shaped(set, '[1,2]'), [1, 2])
  assert.deepEqual(shaped(set, '[]'), [])
  refused(set, 'has to be a list', '1', '{}', '"a"')
  assert.deepEqual(shaped(set, '[1,"2"]'), ['/m/1', '`/m/1` has to be a whole number'])
})

test('a record has the members of the schema; others are refused, or not looked at', () => {
  assert.deepEqual(shaped(INNER, '{"n":1}'), { n: 1 })
  assert.deepEqual(shaped(INNER, '{"n":null}'), {}, 'null is absent')
  assert.deepEqual(shaped(INNER, '{}'), {})
  refused(INNER, 'has to be an object', '1', '[]', '"a"')
  assert.deepEqual(shaped(INNER, '{"n":true}'), ['/m/n', '`/m/n` has to be a whole number'])
  assert.deepEqual(shaped(INNER, '{"o":1}'), ['/m/o', '`/m/o` is not in the schema'])
  assert.deepEqual(shaped(INNER, '{"n":1,"o":1}', 'open'), { n: 1 })
})
