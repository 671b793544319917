import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SseReader, sseEvent } from './sse.ts'

function read(text: string | Uint8Array, sizes: readonly number[] = []): string[] {
  const bytes = Buffer.from(text as string) // as: both overloads of Buffer.from fit
  const reader = new SseReader()
  const events: string[] = []
  let at = 0
  for (const size of sizes) {
    events.push(...reader.push(bytes.subarray(at, at + size)))
    at += size
  }
  return [...events, ...reader.push(bytes.subarray(at))]
}

test('events are read alike however the bytes are cut and lines are ended', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 5 })
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(7)),
      (said, end, sizes) => {
        const json = said.map((text) => JSON.stringify(text))
        const wire = json.map((line) => `id: 1${end}data: ${line}${end}${end}`).join('')
        assert.deepEqual(read(wire, sizes), json)
      },
    ),
  )
})

test('what is written is read back', () => {
  assert.deepEqual(read(sseEvent('{"a":1}') + sseEvent('2')), ['{"a":1}', '2'])
})

test('comments, unknown fields, empty events and a byte order mark at the beginning are skipped', () => {
  assert.deepEqual(read('\ufeffdata:1\n\n: ping\nretry: 5\n\nid: 7\ndata:\n\ndata: 2\n\n'), [
    '1',
    '2',
  ])
})

test('lines of one event are joined, and an event that does not end is none', () => {
  assert.deepEqual(read('data: a\ndata:  b\n\ndata: c\n'), ['a\n b'])
})

test('bytes that are not UTF-8 are refused', () => {
  assert.throws(() => read(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a])), /not UTF-8/)
})
