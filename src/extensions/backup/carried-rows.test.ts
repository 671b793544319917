import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Id } from '../../platform/lib/id.ts'
import type { Step, Storage } from '../../platform/storage/index.ts'
import { testedEngines } from '../../platform/storage/testing.ts'
import {
  correctQuery,
  endQuery,
  findDecision,
  insertDecisionQuery,
  listDecisions,
  sendingAmong,
} from '../../tasks/decision-log/index.ts'
import { backUp, emptyDatabase, folder, restore, withRooms } from './testing.ts'

const ids = ['dec_answered', 'dec_presumed', 'dec_open'] as const

async function write(storage: Storage, ...queries: readonly Step['query'][]): Promise<void> {
  const done = await storage.commit(queries.map((query) => ({ name: 'test', query, rows: 1 })))
  assert.ok(done.committed)
}

function begun(storage: Storage, id: Id<'decision'>): Step['query'] {
  return insertDecisionQuery(storage.read, {
    ...{ id, taskId: null, personId: 'psn_1', agentId: 'agent' },
    ...{ resource: 'orders', action: 'orders.read', outcome: 'permit', reason: 'permitted' },
    ...{ callHash: null, policyVersion: 1, requestId: null, allowanceId: null },
    ...{ explanation: { gates: [] }, state: 'sending', status: null, replicaId: 'rpl_1', at: 1 },
    ...{ endedAt: null, presumedAt: null },
  })
}

const engines = testedEngines()

describe('what the engines keep in other places', () => {
  for (const [i, source] of engines.entries())
    for (const target of new Set([source, engines.at(i - 1) ?? source]))
      test(`of ${source} is on ${target} as it was: how calls ended, and records without a position`, async (t) => {
        const here = await emptyDatabase(t, source)
        const directory = join(await folder(t), 'made')
        await withRooms(here, async ({ ledger, storage }) => {
          for (const id of ids) await write(storage, begun(storage, id))
          const answered = { state: 'answered', status: 200, at: 2 } as const
          await write(
            storage,
            endQuery(storage, 'dec_answered', answered),
            endQuery(storage, 'dec_presumed', { state: 'indeterminate', at: 3 }),
          )
          await ledger.sequence()
          await storage.transaction((tx) =>
            ledger.append(tx, { type: 'test.waits', private: { said: 'a word' } }),
          )
          await backUp(here, directory)
        })
        const there = await emptyDatabase(t, target)
        await restore(there, { directory })
        await withRooms(there, async ({ ledger, storage }) => {
          const stateOf = async (id: string) => (await findDecision(storage.read, id))?.state
          assert.equal(await stateOf('dec_answered'), 'answered')
          const listed = await listDecisions(storage.read, { personId: 'psn_1', limit: 9 })
          const of = (id: string) => listed.find((each) => each.id === id)
          assert.deepEqual([of('dec_answered')?.status, of('dec_answered')?.endedAt], [200, 2])
          assert.deepEqual(await sendingAmong(storage.read, ids), ['dec_open'])
          const corrected = { state: 'failed', at: 9 } as const
          await write(storage, correctQuery(storage, 'dec_presumed', corrected))
          assert.equal(await stateOf('dec_presumed'), 'failed')
          // A restore waits for an administrator; the tree grows meanwhile.
          await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
          const records = await ledger.records(0, 1_000)
          const types = records.map(({ record }) => JSON.parse(record).type)
          assert.equal(types.filter((type) => type === 'test.waits').length, 1)
          assert.ok(types.indexOf('test.waits') < types.indexOf('database.restored'), 'behind it')
          const { said } = await storage.read
            .selectFrom('ledger_private')
            .select('private as said')
            .where('private', 'like', '%a word%')
            .executeTakeFirstOrThrow()
          assert.match(said, /a word/)
        })
      })
})
