import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlainJson, readPlainJsonInSteps } from './read-plain-json.ts'

const MOST = 1_048_576

test('W10: a long body of the API is read over many turns, to the same value or the same refusal', async () => {
  const members = Array.from({ length: 30_000 }, (_, i) => `"m${i}":[${i}]`)
  const text = `{${members}}`
  let turns = 0
  let isRead = false
  const other = () => {
    turns++
    if (!isRead) setImmediate(other)
  }
  setImmediate(other)
  const read = await readPlainJsonInSteps(Buffer.from(text), MOST)
  isRead = true
  assert.ok(turns >= 12, `${turns} turns`)
  assert.deepEqual(read, readPlainJson(Buffer.from(text), MOST))
  const refusals = {
    'input.duplicate_key': `{"m7":1,${text.slice(1)}`,
    'input.malformed': `{"big":1e999,${text.slice(1)}`,
    'input.too_large': `[${text},"${'a'.repeat(MOST)}"]`,
  }
  for (const [code, bytes] of Object.entries(refusals))
    await assert.rejects(readPlainJsonInSteps(Buffer.from(bytes), MOST), { code })
})
