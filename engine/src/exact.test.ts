import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ArgumentKind } from './arguments.ts'
import { exact, exactOf } from './exact.ts'

function key(kind: ArgumentKind, text: string): string | bigint | undefined {
  return exact(kind, text)?.key
}

function refused(kind: ArgumentKind, texts: readonly string[]): void {
  for (const text of texts) assert.equal(exact(kind, text), undefined, `${kind} ${text}`)
}

test('integers are int64 in plain digits', () => {
  assert.equal(key('integer', '9223372036854775807'), 9223372036854775807n)
  assert.equal(key('integer', '-9223372036854775808'), -9223372036854775808n)
  assert.equal(key('integer', '9007199254740993'), 9007199254740993n)
  assert.equal(key('integer', '-0'), 0n)
  refused('integer', ['9223372036854775808', '-9223372036854775809', '9'.repeat(100_000)])
  refused('integer', ['', '-', '+1', '01', '1.0', '1e2', '0x10', ' 1', '1\n', '١', 'NaN', 'true'])
})

test('decimals have at most four fractional digits and the range of Cedar', () => {
  assert.equal(key('decimal', '40'), 400_000n)
  assert.equal(key('decimal', '40.0000'), 400_000n)
  assert.equal(key('decimal', '-0.0001'), -1n)
  assert.equal(key('decimal', '922337203685477.5807'), 2n ** 63n - 1n)
  assert.equal(key('decimal', '-922337203685477.5808'), -(2n ** 63n))
  refused('decimal', ['922337203685477.5808', '-922337203685477.5809', '1000000000000000'])
  refused('decimal', [
    '1.00000',
    '0.00001',
    '.5',
    '1.',
    '01.5',
    '+1',
    '1e2',
    '1,5',
    '',
    '-',
    '1.5.5',
  ])
})

test('decimals compare as numbers do, where a number can hold them', () => {
  const tenThousandths = fc.integer({ min: -(2 ** 40), max: 2 ** 40 })
  fc.assert(
    fc.property(tenThousandths, (scaled) => {
      const text = (scaled / 10_000).toFixed(4)
      assert.equal(key('decimal', text.replace(/^-(?=0\.0000$)/, '')), BigInt(scaled))
    }),
  )
})

test('datetimes are instants: the same moment in another offset is the same value', () => {
  const noon = BigInt(Date.UTC(2026, 1, 28, 12))
  for (const text of [
    '2026-02-28T12:00:00Z',
    '2026-02-28T12:00:00.000Z',
    '2026-02-28T14:30:00+02:30',
    '2026-02-27T13:00:00-23:00',
  ])
    assert.equal(key('datetime', text), noon, text)
  assert.equal(key('datetime', '2026-02-28T12:00:00.5Z'), noon + 500n)
  assert.equal(key('datetime', '2026-02-28'), noon - 12n * 3_600_000n)
  assert.equal(key('datetime', '0001-01-01'), BigInt(Date.parse('0001-01-01T00:00:00Z')))
  assert.ok(exact('datetime', '2024-02-29'))
})

test('what is no moment is no datetime', () => {
  refused('datetime', [
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31T00:00:00Z',
    '2026-1-1',
    '26-01-01',
  ])
  refused('datetime', ['2026-01-01T24:00:00Z', '2026-01-01T23:60:00Z', '2026-12-31T23:59:60Z'])
  refused('datetime', [
    '2026-01-01T00:00:00',
    '2026-01-01T00:00Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01t00:00:00z',
  ])
  refused('datetime', [
    '2026-01-01T00:00:00.0000Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00+0200',
  ])
  refused('datetime', ['2026-01-01T00:00:00+24:00', '2026-01-01T00:00:00+02', '1767225600000', ''])
  refused('datetime', [
    '0000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '+002026-01-01T00:00:00Z',
  ])
})

test('every ISO text that JavaScript writes comes back as its instant', () => {
  const date = fc.date({
    min: new Date('0000-01-01'),
    max: new Date('9999-12-31'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(date, (moment) => {
      assert.equal(key('datetime', moment.toISOString()), BigInt(moment.getTime()))
    }),
  )
})

test('a path with dot segments is no value, however they are written', () => {
  const dots = ['..', '.', '/p/..', '/p/../q', '/p/./q', '../q', '/p/..;a=1/q', '/p/..%3ba/q']
  const encoded = [
    '/p/%2e%2e/q',
    '/p/%2E./q',
    '/p/.%2e/q',
    '/p/%252e%252e/q',
    '/p/%25252e./q',
    '/p/%2e',
  ]
  const separators = ['/p/..\\q', '/p\\..\\q', '/p/..%2fq', '/p/..%5Cq', '/p/..%252fq', '/p/x%2fy']
  const others = [
    '/p/.\t./q',
    '/p/.\n./q',
    '/p/..\u0000',
    '/p/..%00',
    '/p/..%0a',
    '/p/%c0%ae%c0%ae/q',
    '/p/\u0085',
  ]
  refused('path', [...dots, ...encoded, ...separators, ...others])
  for (const text of [
    '',
    '/',
    '/p/..a',
    '/p/a..',
    '/p/...',
    '/.well-known/x',
    '/p/a%20b',
    '/p//q',
    '/p/%C3%A9.txt',
  ])
    assert.equal(key('path', text), text)
})

test('strings are any well-formed text', () => {
  for (const text of ['', '../..', '\u0000', '😀']) assert.equal(key('string', text), text)
  refused('string', ['\ud800', 'a\udc00'])
  refused('path', ['/\ud800'])
})

test('an argument is a value only of its own kind', () => {
  assert.equal(exactOf('integer', { kind: 'integer', text: '1' })?.key, 1n)
  assert.equal(exactOf('decimal', { kind: 'integer', text: '1' }), undefined)
  assert.equal(exactOf('integer', { kind: 'string', value: '1' }), undefined)
  assert.equal(exactOf('string', { kind: 'integer', text: '1' }), undefined)
  assert.equal(exactOf('boolean', { kind: 'string', value: 'true' }), undefined)
  assert.equal(exactOf('string', { kind: 'boolean', value: true }), undefined)
  assert.equal(
    exactOf('string', { kind: 'set', items: [{ kind: 'string', value: 'a' }] }),
    undefined,
  )
  assert.equal(exactOf('string', { kind: 'record', fields: new Map() }), undefined)
})
