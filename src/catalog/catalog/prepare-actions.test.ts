import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prepareActions } from './catalog-store.ts'
import { planOrders } from './testing.ts'

test('the rows of a large API are made in small steps, between which others get their turn', async () => {
  const [action] = planOrders().actions
  assert.ok(action)
  const many = Array.from({ length: 1_000 }, (_, i) => ({ ...action, name: `orders.a${i}` }))
  let turns = 0
  let done = false
  const other = () => {
    turns++
    if (!done) setImmediate(other)
  }
  setImmediate(other)
  const rows = await prepareActions(many)
  done = true
  assert.equal(rows.length, 1_000)
  assert.ok(turns >= 39, `others had ${turns} turns`)
  assert.equal(rows[999]?.({ at: 7, by: 'psn_ada' }).accepted_at, 7)
})
