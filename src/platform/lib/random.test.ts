import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isId, newTimedId } from './id.ts'
import { systemRandom } from './random.ts'

test('no bytes are given out twice, across many fillings of the pool', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 5_000; i++) seen.add(Buffer.from(systemRandom.bytes(16)).toString('hex'))
  assert.equal(seen.size, 5_000)
})

test('as many bytes as asked for, in memory that nobody else holds', () => {
  for (const count of [0, 1, 12, 127, 128, 129, 5_000]) {
    const bytes = systemRandom.bytes(count)
    assert.equal(bytes.byteLength, count)
    assert.equal(bytes.buffer.byteLength, count)
  }
})

test('every byte value turns up at every place', () => {
  const seen = Array.from({ length: 32 }, () => new Set<number>())
  for (let i = 0; i < 10_000; i++)
    for (const [at, byte] of systemRandom.bytes(32).entries()) seen[at]?.add(byte)
  for (const values of seen) assert.equal(values.size, 256)
})

test('timed ids sort by time, look like all others, and differ within a millisecond', () => {
  const times = [0, 1, 63, 64, 1_700_000_000_000, 1_700_000_000_001, 2 ** 42 - 1]
  const ids = times.map((at) => newTimedId('decision', at, systemRandom))
  assert.deepEqual(ids.toSorted(), ids)
  for (const id of ids) assert.ok(isId('decision', id), id)
  const same = new Set(Array.from({ length: 100 }, () => newTimedId('decision', 5, systemRandom)))
  assert.equal(same.size, 100)
})
