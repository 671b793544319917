import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import type { Storage } from '../../platform/storage/index.ts'
import { onBothEngines } from '../../platform/storage/testing.ts'
import {
  type DecisionState,
  insertDecisionQuery,
  type StoredDecision,
  sendingAmong,
  sendingOf,
  sendingReplicas,
} from './decision-store.ts'
import { correctQuery, endQuery } from './ending-store.ts'

const decision = (id: string, state: DecisionState): StoredDecision => ({
  ...{ id: `dec_${id}`, taskId: 'tsk_1', personId: 'psn_1', agentId: 'agent' },
  ...{ resource: 'orders', action: 'orders.read', outcome: 'permit', reason: 'permitted' },
  ...{ callHash: null, policyVersion: 1, requestId: null, allowanceId: null },
  ...{ explanation: { gates: [] }, state, status: null, replicaId: 'rpl_1', at: 1 },
  ...{ endedAt: null, presumedAt: null },
})

async function write(storage: Storage, query: ReturnType<typeof endQuery>): Promise<void> {
  const done = await storage.commit([{ name: 'test', query, rows: 1 }])
  assert.ok(done.committed)
}

onBothEngines('calls under way', (open) => {
  test('are those whose decision is being sent, until it has an outcome or is gone', async () => {
    const storage = await open()
    const { read } = storage
    const ids = ['dec_a', 'dec_b', 'dec_c', 'dec_d']
    for (const id of ['a', 'b', 'c'])
      await write(storage, insertDecisionQuery(read, decision(id, 'sending')))
    await write(storage, insertDecisionQuery(read, decision('d', 'decided')))
    assert.deepEqual((await sendingAmong(read, ids)).toSorted(), ['dec_a', 'dec_b', 'dec_c'])
    await write(storage, endQuery(storage, 'dec_a', { state: 'answered', status: 200, at: 2 }))
    await write(storage, endQuery(storage, 'dec_b', { state: 'indeterminate', at: 2 }))
    await write(storage, correctQuery(storage, 'dec_b', { state: 'failed', at: 3 }))
    assert.deepEqual(await sendingOf(read, 'rpl_1', 10), ['dec_c'])
    assert.deepEqual(await sendingReplicas(read), ['rpl_1'])
    await storage.transaction((tx) => tx.deleteFrom('decisions').execute())
    assert.deepEqual(await sendingReplicas(read), [])
  })

  test('no index names what an outcome changes, so that PostgreSQL changes none', async () => {
    const storage = await open()
    const query =
      storage.engine === 'sqlite'
        ? sql<{ text: string }>`SELECT sql AS text FROM sqlite_schema
            WHERE type = 'index' AND tbl_name = 'decisions' AND sql IS NOT NULL`
        : sql<{
            text: string
          }>`SELECT indexdef AS text FROM pg_indexes WHERE tablename = 'decisions'`
    const { rows } = await query.execute(storage.read)
    assert.ok(rows.length > 1)
    for (const { text } of rows) assert.doesNotMatch(text, /state|status|ended_at|presumed_at/)
  })
})
