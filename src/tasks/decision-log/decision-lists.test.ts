import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { manualClock } from '../../platform/lib/clock.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { DecisionLists, listAllDecisions } from './decision-lists.ts'
import {
  type DecisionFilter,
  insertDecisionQuery,
  listDecisions,
  type StoredDecision,
  selectDecisions,
} from './decision-store.ts'
import { forgetListed } from './forget-listed.ts'

interface DecisionFacts {
  readonly task: number
  readonly person: number | null
  readonly agent: number
  readonly at: number
}

type Act =
  | { readonly act: 'decide'; readonly facts: readonly DecisionFacts[] }
  | { readonly act: 'delete'; readonly from: number; readonly count: number }
  | { readonly act: 'fill' | 'forget' | 'renumber' }

const facts = fc.record({
  task: fc.nat(2),
  person: fc.option(fc.nat(1)),
  agent: fc.nat(1),
  at: fc.nat(5),
})
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('decide' as const), facts: fc.array(facts, { maxLength: 8 }) }),
  fc.record({ act: fc.constant('delete' as const), from: fc.nat(20), count: fc.nat(8) }),
  fc.record({ act: fc.constant('fill' as const) }),
  fc.record({ act: fc.constant('forget' as const) }),
  fc.record({ act: fc.constant('renumber' as const) }),
)

function decisionOf(id: string, { agent, at, person, task }: DecisionFacts): StoredDecision {
  const personId = person === null ? null : `psn_${person}`
  return {
    ...{ id: `dec_${id}`, taskId: `tsk_${task}`, personId, agentId: `agent-${agent}` },
    ...{ resource: 'orders', action: 'orders.read', outcome: 'permit', reason: 'permitted' },
    ...{ callHash: null, policyVersion: 1, requestId: null, allowanceId: null },
    ...{ explanation: { gates: [] }, state: 'decided', status: null, replicaId: 'rpl_1', at },
    ...{ endedAt: null, presumedAt: null },
  }
}

const FILTERS: readonly Omit<DecisionFilter, 'limit'>[] = [
  ...[0, 1, 2].map((n) => ({ taskId: `tsk_${n}` })),
  ...[0, 1].flatMap((n) => [{ personId: `psn_${n}` }, { agentId: `agent-${n}` }]),
  { personId: 'psn_0', agentId: 'agent-1' },
  {},
]

/** Ids that are listed, page by page. */
async function idsOf(storage: Storage, filter: Omit<DecisionFilter, 'limit'>): Promise<string[]> {
  const ids: string[] = []
  let after: DecisionFilter['after']
  for (;;) {
    const page = await listDecisions(storage.read, { ...filter, limit: 3, ...(after && { after }) })
    ids.push(...page.map(({ id }) => id))
    const last = page.at(-1)
    if (!last) return ids
    after = { at: last.at, id: last.id }
  }
}

function expectedOf(
  decisions: readonly StoredDecision[],
  { agentId, personId, taskId }: Omit<DecisionFilter, 'limit'>,
): string[] {
  return decisions
    .filter(
      (each) =>
        (taskId ?? each.taskId) === each.taskId &&
        (personId ?? each.personId) === each.personId &&
        (agentId ?? each.agentId) === each.agentId,
    )
    .toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
    .map(({ id }) => id)
}

forEachEngine('lists of decisions', (open) => {
  test('are filled once for what has waited, although more comes meanwhile', async () => {
    const storage = await open()
    let made = 0
    const decide = () => {
      const one = decisionOf(String(made++).padStart(6, '0'), {
        task: 0,
        person: 0,
        agent: 0,
        at: 1,
      })
      const step = { name: 'test', rows: 1, query: insertDecisionQuery(storage.read, one) } as const
      return storage.commit([step])
    }
    let fills = 0
    const busy: Pick<Storage, 'commit' | 'engine' | 'read'> = {
      ...{ engine: storage.engine, read: storage.read },
      commit: async (...filling) => {
        const done = await storage.commit(...filling)
        if (++fills < 20) await decide()
        return done
      },
    }
    const clock = manualClock()
    const lists = new DecisionLists({ storage: busy, clock, atOnce: 4 })
    await decide()
    clock.advance(5_000)
    await lists.fill()
    assert.equal(fills, storage.engine === 'sqlite' ? 1 : 0)
    assert.equal((await idsOf(storage, {})).length, made)
  })

  test('have what there is, whenever they are filled, and whatever was deleted or numbered anew', async () => {
    const storage = await open()
    let made = 0
    const run = async (acts: readonly Act[]) => {
      await storage.transaction((tx) => tx.deleteFrom('decisions').execute())
      const clock = manualClock()
      const lists = new DecisionLists({ storage, clock, atOnce: 4 })
      let decisions: StoredDecision[] = []
      for (const each of acts) {
        if (each.act === 'decide') {
          const added = each.facts.map((of) => decisionOf(String(made++).padStart(6, '0'), of))
          const steps = added.map((one) => ({
            ...{ name: 'test', rows: 1 },
            query: insertDecisionQuery(storage.read, one),
          }))
          await storage.commit(steps)
          decisions.push(...added)
        } else if (each.act === 'delete') {
          const gone = decisions.slice(each.from, each.from + each.count).map(({ id }) => id)
          decisions = decisions.filter(({ id }) => !gone.includes(id))
          await storage.transaction((tx) =>
            tx.deleteFrom('decisions').where('id', 'in', gone).execute(),
          )
        } else if (each.act === 'fill') {
          clock.advance(2_500)
          await lists.fill()
        } else if (each.act === 'forget') await forget(storage, 4)
        else await renumber(storage)
        // The lists notice new numbers of rows when they are filled next.
        if (each.act === 'renumber') await lists.fill()
        await assertKeys(storage)
        for (const filter of FILTERS)
          assert.deepEqual(await idsOf(storage, filter), expectedOf(decisions, filter))
      }
    }
    const some = [0, 1, 2, 3, 4, 5].map((at) => ({ task: 0, person: 0, agent: 0, at }))
    const examples: [readonly Act[]][] = [
      // The number of a deleted row is that of another one, of the same time.
      [
        [
          { act: 'decide', facts: some },
          { act: 'fill' },
          { act: 'fill' },
          { act: 'delete', from: 5, count: 1 },
          { act: 'decide', facts: [{ task: 1, person: 1, agent: 1, at: 5 }] },
          { act: 'fill' },
          { act: 'fill' },
        ],
      ],
      // Rows get other numbers after some were deleted.
      [
        [
          { act: 'decide', facts: some },
          { act: 'fill' },
          { act: 'fill' },
          { act: 'delete', from: 1, count: 2 },
          { act: 'decide', facts: some },
          { act: 'renumber' },
        ],
      ],
    ]
    await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 12 }), run), {
      numRuns: 60,
      examples,
    })
  })

  test('of a database that was loaded are filled at once', async () => {
    const storage = await open()
    const all = Array.from({ length: 10 }, (_, i) =>
      decisionOf(`${i}`, { task: 0, person: 0, agent: 0, at: i }),
    )
    const steps = all.map((one) => ({
      ...{ name: 'test', rows: 1 },
      query: insertDecisionQuery(storage.read, one),
    }))
    await storage.commit(steps)
    await storage.transaction((tx) => listAllDecisions(tx, storage.engine, 3))
    assert.equal(await countEntries(storage), storage.engine === 'sqlite' ? 40 : 0)
    assert.deepEqual(await idsOf(storage, {}), expectedOf(all, {}))
  })

  test('forget what was deleted, and nothing else', async () => {
    const storage = await open()
    if (storage.engine !== 'sqlite') return
    const clock = manualClock()
    const lists = new DecisionLists({ storage, clock })
    const all = Array.from({ length: 40 }, (_, i) =>
      decisionOf(`${i}`, { task: i % 3, person: i % 2, agent: 0, at: i }),
    )
    const steps = all.map((one) => ({
      ...{ name: 'test', rows: 1 },
      query: insertDecisionQuery(storage.read, one),
    }))
    await storage.commit(steps)
    clock.advance(5_000)
    await lists.fill()
    const gone = all.slice(0, 30).map(({ id }) => id)
    await storage.transaction((tx) => tx.deleteFrom('decisions').where('id', 'in', gone).execute())
    assert.equal(await countEntries(storage), 40 * 4)
    await forget(storage, 20)
    assert.equal(await countEntries(storage), 20 * 4)
    await forget(storage, 40)
    assert.equal(await countEntries(storage), 10 * 4)
  })
})

/** Fails where a list has a decision of another one: who reads it without a condition of its own would get that. */
async function assertKeys({ read }: Storage): Promise<void> {
  for (const [list, column] of [
    ['task', 'task_id'],
    ['person', 'person_id'],
    ['agent', 'agent_id'],
  ] as const) {
    const listed = await selectDecisions(read, list).select(['id', column]).orderBy('id').execute()
    const all = read.selectFrom('decisions').select(['id', column]).orderBy('id')
    assert.deepEqual(
      listed.filter((row) => row[column] !== null),
      await all.where(column, 'is not', null).execute(),
    )
  }
}

function forget(storage: Storage, before: number): Promise<void> {
  return forgetListed(storage, { before, atOnce: 3, goesOn: () => true, rest: async () => {} })
}

async function countEntries({ read }: Storage): Promise<number> {
  const entries = await read.selectFrom('decision_lists').select('row').execute()
  return entries.length
}

/** Numbers rows as `VACUUM` does: from 1 on, in their order. */
async function renumber(storage: Storage): Promise<void> {
  if (storage.engine !== 'sqlite') return
  await storage.transaction((tx) =>
    sql`UPDATE decisions SET rowid = numbered.n FROM
      (SELECT rowid AS before, row_number() OVER (ORDER BY rowid) AS n FROM decisions) AS numbered
      WHERE numbered.before = decisions.rowid AND numbered.n <> numbered.before`.execute(tx),
  )
}
