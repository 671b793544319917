import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdTable } from './id-table.ts'

test('tells many ids apart while it grows, and keeps what was said of each last', () => {
  const table = new IdTable()
  const count = 20_000
  for (let i = 0; i < count; i++) table.set(`dec_${i}`, 1 + (i % 5))
  for (let i = 0; i < count; i += 7) table.set(`dec_${i}`, 100)
  assert.equal(table.size, count)
  for (let i = 0; i < count; i++)
    assert.equal(table.get(`dec_${i}`), i % 7 === 0 ? 100 : 1 + (i % 5), `dec_${i}`)
  assert.equal(table.get(`dec_${count}`), 0)
})
