import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { Guard, type Step, type Storage } from '../../platform/storage/index.ts'
import { onBothEngines } from '../../platform/storage/testing.ts'
import {
  type DecisionState,
  findDecision,
  insertDecisionQuery,
  listDecisions,
} from './decision-store.ts'
import { correctQuery, deleteEndings, endQuery, fillDerived } from './ending-store.ts'

const GUARD = new Guard('test')

async function insert(
  storage: Storage,
  id: string,
  state: DecisionState = 'sending',
): Promise<void> {
  const query = insertDecisionQuery(storage.read, {
    ...{ id: `dec_${id}`, taskId: 'tsk_1', personId: 'psn_1', agentId: 'agent' },
    ...{ resource: 'orders', action: 'orders.read', outcome: 'permit', reason: 'permitted' },
    ...{ callHash: null, policyVersion: 1, requestId: null, allowanceId: null },
    ...{ explanation: { gates: [] }, state, status: null, replicaId: 'rpl_1', at: 1 },
    ...{ endedAt: state === 'sending' ? null : 5, presumedAt: null },
  })
  await storage.commit([{ name: 'test', query, rows: 1 }])
}

async function writes(storage: Storage, query: Step['query']): Promise<boolean> {
  return (await storage.commit([{ guard: GUARD, query, rows: 1 }])).committed
}

async function ending({ read }: Storage, id: string) {
  const found = await findDecision(read, id)
  assert.ok(found)
  return [found.state, found.status, found.endedAt, found.presumedAt]
}

onBothEngines('how calls ended', (open) => {
  test('is said once, whoever says it first', async () => {
    const storage = await open()
    await insert(storage, 'a')
    assert.deepEqual(await ending(storage, 'dec_a'), ['sending', null, null, null])
    const said = await Promise.all(
      [200, 201, 202, 203].map((status) =>
        writes(storage, endQuery(storage, 'dec_a', { state: 'answered', status, at: 7 })),
      ),
    )
    assert.equal(said.filter(Boolean).length, 1)
    assert.deepEqual(await ending(storage, 'dec_a'), [
      ...['answered', 200 + said.indexOf(true), 7],
      null,
    ])
    const [listed] = await listDecisions(storage.read, { taskId: 'tsk_1', limit: 9 })
    assert.equal(listed?.state, 'answered')
    assert.equal(
      await writes(storage, endQuery(storage, 'dec_none', { state: 'failed', at: 8 })),
      false,
    )
  })

  test('is corrected once, where it was presumed', async () => {
    const storage = await open()
    await insert(storage, 'a')
    const corrected = (at: number) =>
      writes(storage, correctQuery(storage, 'dec_a', { state: 'answered', status: 204, at }))
    assert.equal(await corrected(2), false)
    await writes(storage, endQuery(storage, 'dec_a', { state: 'indeterminate', at: 3 }))
    assert.equal(await corrected(4), true)
    assert.equal(await corrected(5), false)
    assert.deepEqual(await ending(storage, 'dec_a'), ['answered', 204, 4, 3])
  })

  test('is as it was in a database that was loaded, and may be corrected there', async () => {
    const storage = await open()
    await insert(storage, 'a', 'indeterminate')
    await insert(storage, 'b', 'answered')
    await storage.transaction((tx) => fillDerived(tx, storage.engine))
    assert.deepEqual(await ending(storage, 'dec_a'), ['indeterminate', null, 5, null])
    const correct = (id: string) =>
      writes(storage, correctQuery(storage, id, { state: 'failed', at: 9 }))
    assert.deepEqual([await correct('dec_a'), await correct('dec_b')], [true, false])
    assert.deepEqual(await ending(storage, 'dec_a'), ['failed', null, 9, 5])
    assert.deepEqual(await ending(storage, 'dec_b'), ['answered', null, 5, null])
  })

  test('goes with its decision', async () => {
    const storage = await open()
    await insert(storage, 'a')
    await writes(storage, endQuery(storage, 'dec_a', { state: 'failed', at: 3 }))
    await storage.transaction(async (tx) => {
      await deleteEndings(tx, ['dec_a'])
      await tx.deleteFrom('decisions').where('id', '=', 'dec_a').execute()
    })
    assert.deepEqual(await storage.read.selectFrom('decision_endings').selectAll().execute(), [])
  })

  test('on PostgreSQL leaves the row of the decision as it was written', async () => {
    const storage = await open()
    if (storage.engine !== 'postgres') return
    await insert(storage, 'a')
    const row = () => sql`SELECT ctid, xmin, * FROM decisions`.execute(storage.read)
    const { rows } = await row()
    await writes(storage, endQuery(storage, 'dec_a', { state: 'answered', status: 200, at: 3 }))
    assert.deepEqual((await row()).rows, rows)
  })
})
