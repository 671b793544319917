import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventStreamReader, type ServerSentEvent, sseEvent } from './event-stream.ts'

function read(text: string | Uint8Array, sizes: readonly number[] = []): string[] {
  return eventsOf(text, sizes).map(({ data }) => data)
}

function eventsOf(
  text: string | Uint8Array,
  sizes: readonly number[] = [],
  strict = true,
): ServerSentEvent[] {
  const bytes = Buffer.from(text as string) // as: both overloads of Buffer.from fit
  const reader = new EventStreamReader({ strict })
  const events: ServerSentEvent[] = []
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

test('comments, unknown fields, events without data and a byte order mark at the beginning are skipped', () => {
  assert.deepEqual(
    read('\ufeffdata:1\n\n: ping\nretry: 5\n\nid: 7\ndata:\n\nid: 8\n\ndata: 2\n\n'),
    ['1', '', '2'],
  )
})

test('lines of one event are joined, and an event that does not end is none', () => {
  assert.deepEqual(read('data: a\ndata:  b\n\ndata: c\n'), ['a\n b'])
})

test('bytes that are not UTF-8 are refused', () => {
  assert.throws(() => read(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a])), /not UTF-8/)
})

test('where that is wanted, they are replaced', () => {
  assert.deepEqual(eventsOf(Buffer.from('data: \xff\n\n', 'latin1'), [], false), [
    { event: 'message', data: '\ufffd' },
  ])
})

test('type and id are those of one event, and not of the next', () => {
  assert.deepEqual(eventsOf('event: a\nevent: tick\nid: 1\ndata: x\n\ndata: y\n\n'), [
    { event: 'tick', id: '1', data: 'x' },
    { event: 'message', data: 'y' },
  ])
})

test('events of a stream are read however it is cut into pieces', () => {
  const stream =
    'event: tick\r\nid: 1\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: comment\n\ndata:plain\n\nevent: lost\ndata: x'
  const expected: ServerSentEvent[] = [
    { event: 'tick', id: '1', data: '{"a":\n1}' },
    { event: 'message', data: 'plain' },
  ]
  for (let size = 1; size < stream.length; size++) {
    const sizes = Array.from({ length: Math.floor(stream.length / size) }, () => size)
    assert.deepEqual(eventsOf(stream, sizes), expected, `pieces of ${size}`)
  }
})
