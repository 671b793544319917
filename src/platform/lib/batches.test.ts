import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packList, unpackList } from './batches.ts'

test('a long list comes back as it was, batch by batch, and others get their turn in between', async () => {
  const list = Array.from({ length: 1_000 }, (_, i) => ({ i, name: `n${i}`, nothing: undefined }))
  const batches = packList(list)
  let turns = 0
  let done = false
  const other = () => {
    turns++
    if (!done) setImmediate(other)
  }
  setImmediate(other)
  const unpacked = await unpackList(batches)
  done = true
  assert.deepEqual(unpacked, list)
  assert.ok(turns >= 39, `others had ${turns} turns`)
  assert.deepEqual(await unpackList(packList([])), [])
})
