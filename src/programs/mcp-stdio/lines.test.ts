import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Lines } from './lines.ts'

function split(bytes: Uint8Array, size: number, max: number): [string, boolean][] {
  const found: [string, boolean][] = []
  const lines = new Lines(max, (line, cut) => found.push([line.toString(), cut]))
  for (let from = 0; from < bytes.length; from += size)
    lines.push(bytes.subarray(from, from + size))
  lines.end()
  return found
}

test('lines are the same in whatever pieces they come, and one that is too long is cut', () => {
  const bytes = Buffer.from('one\n\nzwölf\n0123456789\n01234567890\nlast 0123456789abc\nx')
  const wanted = [
    ['one', false],
    ['', false],
    ['zwölf', false],
    ['0123456789', false],
    ['0123456789', true],
    ['last 01234', true],
    ['x', false],
  ]
  for (let size = 1; size <= bytes.length; size++)
    assert.deepEqual(split(bytes, size, 10), wanted, String(size))
})

test('a line that never ends takes no more memory than a line may', () => {
  let said = 0
  const lines = new Lines(10_000, () => said++)
  const before = process.memoryUsage().arrayBuffers
  const chunk = Buffer.alloc(64 * 1024, 'x')
  for (let i = 0; i < 2_000; i++) lines.push(chunk)
  assert.equal(said, 1)
  assert.ok(process.memoryUsage().arrayBuffers - before < 10 * 1024 * 1024)
})

test('a line is whole however often the room for it grows', () => {
  const long = Array.from({ length: 3_000 }, (_, i) => i).join(',')
  const bytes = Buffer.from(`short\n${long}\n\n${long}\n`)
  const wanted = ['short', long, '', long].map((line) => [line, false])
  for (const size of [1, 1_000, 4_096, bytes.length])
    assert.deepEqual(split(bytes, size, 20_000), wanted, String(size))
})

test('the room for a line doubles as it grows, up to what a line may have', () => {
  const lines = new Lines(20_000, () => {})
  const asked = mock.method(Buffer, 'allocUnsafe')
  try {
    for (let i = 0; i < 5; i++) lines.push(Buffer.alloc(4_000, 'x'))
  } finally {
    asked.mock.restore()
  }
  const sizes = asked.mock.calls.map(({ arguments: [size] }) => size)
  assert.deepEqual(sizes, [8_192, 16_384, 20_000])
})
