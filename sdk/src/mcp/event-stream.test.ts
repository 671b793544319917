import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eventData } from './event-stream.ts'

/** Yields the same bytes in pieces of every size. */
async function* inPieces(text: string): AsyncGenerator<string[]> {
  const bytes = new TextEncoder().encode(text)
  for (let size = 1; size <= bytes.byteLength; size++) {
    const pieces = Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, i) =>
      bytes.slice(i * size, (i + 1) * size),
    )
    const data: string[] = []
    for await (const each of eventData(ReadableStream.from(pieces))) data.push(each)
    yield data
  }
}

async function assertReads(text: string, wanted: readonly string[]): Promise<void> {
  for await (const data of inPieces(text)) assert.deepEqual(data, wanted, JSON.stringify(text))
}

it('reads the data of events, whatever the pieces they come in', async () => {
  await assertReads('data: {"a":"é😀"}\n\ndata: 2\n\n', ['{"a":"é😀"}', '2'])
  await assertReads('data: 1\r\n\r\ndata: 2\r\n\r\n', ['1', '2'])
  await assertReads('data: 1\r\rdata: 2\r\r', ['1', '2'])
  await assertReads('data: one\r\ndata: two\r\n\r\n', ['one\ntwo'])
  await assertReads('data: one\ndata:two\ndata:  three\ndata\n\n', ['one\ntwo\n three\n'])
  await assertReads(': a comment\nevent: message\nid: 7\nretry: 10\ndata: x\n\n', ['x'])
  await assertReads('\n\nid: 1\n\ndatum: x\n\n', [])
})

it('drops an event that is not whole', async () => {
  await assertReads('data: 1\n\ndata: 2\n', ['1'])
  await assertReads('data: 1\n\ndata: 2', ['1'])
})

it('lets go of the stream when nobody reads on', async () => {
  let cancelled = false
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const data of eventData(stream)) {
    assert.equal(data, '1')
    break
  }
  assert.ok(cancelled)
})
