import assert from 'node:assert/strict'
import { it } from 'node:test'
import { actBefore } from '../../../test/act-before.ts'
import { verifyLedger } from '../../../verifier/src/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { exported } from '../../platform/ledger/testing.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { insertTaskQuery } from '../../tasks/tasks/task-store.ts'
import { addPerson, aTask } from '../../tasks/tasks/testing.ts'
import { continueErasures, erasePerson } from './erasures.ts'
import { liftHold, setHold } from './holds.ts'
import { requireUnheld } from './require-unheld.ts'
import { DAY_MS } from './rules.ts'
import { showRetention } from './show.ts'
import { sweep } from './sweep.ts'
import { decided, left, type RetentionTestParts, records, retentionOn } from './testing.ts'

const SCOPE = {
  matter: 'case-17',
  by: 'psn_admin',
  personId: null,
  agentId: null,
  taskId: null,
  resource: null,
  fromAt: null,
  untilAt: null,
}

forEachEngine('retention', (open) => {
  it('deletes nothing unless said', async () => {
    const parts = await retentionOn(await open())
    await decided(parts, 'dec_old', { daysAgo: 300 })
    assert.deepEqual(await sweep(parts), {})
    assert.deepEqual(await left(parts), ['dec_old'])
    assert.deepEqual(await wordsLeft(parts), ['dec_old'])
  })

  it('deletes by outcome and age, in bounded steps, each with its record', async () => {
    const parts = await retentionOn(await open(), { arguments: 30, permits: 30, refusals: 10 })
    await decided(parts, 'dec_sending', { daysAgo: 50, state: 'sending' })
    for (let i = 0; i < 5; i++) await decided(parts, `dec_permit${i}`, { daysAgo: 40 - i })
    await decided(parts, 'dec_young', { daysAgo: 29 })
    await decided(parts, 'dec_denied', { daysAgo: 20, outcome: 'deny', state: 'decided' })
    assert.deepEqual(
      (await showRetention(parts)).classes.find(({ name }) => name === 'permits'),
      {
        ...{ name: 'permits', days: 30, erased: 0, erasedAt: null },
        ...{ due: 5, held: 0, more: false },
      },
    )
    const went = await sweep(parts, { atOnce: 2 })
    assert.deepEqual([went.permits, went.refusals, went.arguments], [5, 1, 6])
    assert.deepEqual(await left(parts), ['dec_sending', 'dec_young'])
    assert.deepEqual(await wordsLeft(parts), ['dec_denied', 'dec_young'])
    const swept = (await records(parts)).filter(({ type }) => type === 'retention.swept')
    const permits = swept.filter(({ facts }) => facts.class === 'permits')
    assert.deepEqual(
      permits.map(({ by, facts, reason }) => [by, reason, facts.days, facts.count]),
      [2, 2, 1].map((count) => ['system', 'retention.rule', 30, count]),
    )
    const span = [40, 39].map((days) => new Date(parts.clock.now() - days * DAY_MS).toISOString())
    assert.deepEqual([permits[0]?.facts.from, permits[0]?.facts.to], span)
    assert.deepEqual(await verdict(parts), 'ok')
    const after = (await showRetention(parts)).classes.find(({ name }) => name === 'permits')
    assert.deepEqual([after?.erased, after?.erasedAt], [5, parts.clock.now()])
  })

  it('keeps what a hold covers, by every member, until it is lifted', async () => {
    const parts = await retentionOn(await open(), { arguments: 10, permits: 10 })
    await decided(parts, 'dec_person', { daysAgo: 30, personId: 'psn_held' })
    await decided(parts, 'dec_agent', { daysAgo: 31, agentId: 'held-bot' })
    await decided(parts, 'dec_task', { daysAgo: 32, taskId: 'tsk_held' })
    await decided(parts, 'dec_resource', { daysAgo: 33, resource: 'held' })
    await decided(parts, 'dec_span', { daysAgo: 100 })
    await decided(parts, 'dec_free', { daysAgo: 34 })
    const at = parts.clock.now()
    const holds = []
    for (const scope of [
      { personId: 'psn_held' },
      { agentId: 'held-bot' },
      { taskId: 'tsk_held' },
      { resource: 'held' },
      { fromAt: at - 101 * DAY_MS, untilAt: at - 99 * DAY_MS },
    ])
      holds.push(await setHold(parts, { ...SCOPE, ...scope }))
    const held = ['dec_agent', 'dec_person', 'dec_resource', 'dec_span', 'dec_task']
    assert.equal((await sweep(parts)).permits, 1)
    assert.deepEqual(await left(parts), held)
    assert.deepEqual(await wordsLeft(parts), held)
    assert.equal((await sweep(parts)).permits, 0)
    for (const { id } of holds.slice(1)) await liftHold(parts, { id, by: 'psn_admin' })
    assert.equal((await sweep(parts)).permits, 4)
    assert.deepEqual(await left(parts), ['dec_person'])
    const types = (await records(parts)).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'retention.hold_set').length, 5)
    assert.equal(types.filter((type) => type === 'retention.hold_lifted').length, 4)
  })

  it('a hold that is set while a deletion runs holds', async () => {
    const storage = await open()
    const parts = await retentionOn(storage, { arguments: 10, permits: 10 })
    await decided(parts, 'dec_held', { daysAgo: 30, personId: 'psn_held' })
    // The first transaction begins the pass, which chooses what is due; the second deletes it.
    const { hasActed, wrapped } = actBefore(storage, {
      ...{ before: ['transaction'], nth: 2 },
      act: () => setHold(parts, { ...SCOPE, personId: 'psn_held' }),
    })
    const went = await sweep({ ...parts, storage: wrapped })
    assert.ok(hasActed())
    assert.deepEqual([went.arguments, went.permits], [0, 0])
    assert.deepEqual(await left(parts), ['dec_held'])
    assert.deepEqual(await wordsLeft(parts), ['dec_held'])
  })

  it('two replicas erase each row once, and count it once', async () => {
    const storage = await open()
    const parts = await retentionOn(storage, { arguments: 10, permits: 10 })
    for (let i = 0; i < 12; i++) await decided(parts, `dec_${i + 10}`, { daysAgo: 30 + i })
    await Promise.all([sweep(parts, { atOnce: 3 }), sweep(parts, { atOnce: 3 })])
    await sweep(parts)
    assert.deepEqual(await left(parts), [])
    const swept = (await records(parts)).filter(({ facts }) => facts?.class === 'permits')
    assert.equal(
      swept.reduce((sum, { facts }) => sum + Number(facts.count), 0),
      12,
    )
  })

  it('erases what is known of a person, but for what is held; decisions, tree and proofs stay', async () => {
    const parts = await retentionOn(await open())
    await decided(parts, 'dec_hers', { daysAgo: 3, personId: 'psn_her' })
    await decided(parts, 'dec_held', { daysAgo: 2, personId: 'psn_her', resource: 'held' })
    await decided(parts, 'dec_other', { daysAgo: 1 })
    const before = await parts.ledger.inclusionProof(0)
    await setHold(parts, { ...SCOPE, resource: 'held' })
    parts.clock.advance(1)
    const { id } = await erasePerson(parts, { personId: 'psn_her', by: 'psn_admin' })
    await continueErasures(parts, { atOnce: 1 })
    assert.deepEqual(await wordsLeft(parts), ['dec_held', 'dec_other'])
    assert.deepEqual(await left(parts), ['dec_held', 'dec_hers', 'dec_other'])
    const rows = await parts.storage.read
      .selectFrom('decisions')
      .selectAll()
      .orderBy('id')
      .execute()
    assert.deepEqual(
      rows.map(({ inputs }) => inputs !== null),
      [true, false, true],
    )
    const [erasure] = (await showRetention(parts)).erasures
    assert.deepEqual([erasure?.id, erasure?.erased, erasure?.held], [id, 2, 2])
    assert.ok(erasure?.doneAt)
    assert.equal(await verdict(parts), 'ok')
    const after = await parts.ledger.inclusionProof(0, before.size)
    assert.deepEqual(after, before)
    const done = (await records(parts)).findLast(({ type }) => type === 'retention.erasure_done')
    assert.deepEqual([done?.by, done?.person], ['psn_admin', 'psn_her'])
  })

  it('E3: a hold that is set while a person is erased holds', async () => {
    const storage = await open()
    const parts = await retentionOn(storage)
    await decided(parts, 'dec_hers', { daysAgo: 3, personId: 'psn_her' })
    parts.clock.advance(1)
    await erasePerson(parts, { personId: 'psn_her', by: 'psn_admin' })
    const { hasActed, wrapped } = actBefore(storage, {
      before: ['transaction'],
      act: () => setHold(parts, { ...SCOPE, personId: 'psn_her' }),
    })
    await continueErasures({ ...parts, storage: wrapped })
    assert.ok(hasActed())
    assert.deepEqual(await wordsLeft(parts), ['dec_hers'])
    const [erasure] = (await showRetention(parts)).erasures
    assert.deepEqual([erasure?.erased, erasure?.doneAt === null], [0, false])
  })

  it('E4: an account stays where a hold kept something on the last page', async () => {
    const storage = await open()
    const parts = await retentionOn(storage)
    const { id: personId } = await addPerson(parts)
    const ended = { state: 'closed', closedAt: parts.clock.now(), closeReason: 'done' } as const
    const task = aTask(parts, { personId, ...ended })
    const query = insertTaskQuery(storage.read, task, { sharesKey: false })
    await storage.commit([{ name: 'a task that has ended', query, rows: 1 }])
    await storage.transaction((tx) =>
      tx.updateTable('persons').set({ status: 'ended' }).where('id', '=', personId).execute(),
    )
    const { id } = await setHold(parts, { ...SCOPE, taskId: task.id })
    parts.clock.advance(1)
    const statusAfter = async () => {
      await erasePerson(parts, { personId, by: 'psn_admin' })
      await continueErasures(parts)
      return (await findPerson(storage.read, personId))?.status
    }
    assert.equal(await statusAfter(), 'ended')
    await liftHold(parts, { id, by: 'psn_admin' })
    assert.equal(await statusAfter(), 'erased')
  })

  it('nobody erases by hand what is held', async () => {
    const parts = await retentionOn(await open())
    await decided(parts, 'dec_held', { daysAgo: 2, personId: 'psn_her' })
    await setHold(parts, { ...SCOPE, personId: 'psn_her' })
    const about = await parts.ledger.recordsAt([0])
    await assert.rejects(
      parts.storage.transaction((tx) => requireUnheld(tx, about)),
      { code: 'retention.held' },
    )
  })

  it('refuses a hold over nothing, over everything, and one that does not stand', async () => {
    const parts = await retentionOn(await open())
    await assert.rejects(setHold(parts, SCOPE), { code: 'retention.bad_hold' })
    const span = { ...SCOPE, fromAt: 2, untilAt: 2 }
    await assert.rejects(setHold(parts, span), { code: 'retention.bad_hold' })
    const { id } = await setHold(parts, { ...SCOPE, resource: 'orders' })
    await liftHold(parts, { id, by: 'psn_admin' })
    const again = liftHold(parts, { id, by: 'psn_admin' })
    await assert.rejects(again, { code: 'retention.unknown_hold' })
  })
})

/** Decisions whose arguments are still beside their records. */
async function wordsLeft({ storage }: RetentionTestParts): Promise<readonly string[]> {
  const rows = await storage.read.selectFrom('ledger_private').selectAll().execute()
  return rows.flatMap((row) => /words of (\w+)/.exec(row.private)?.[1] ?? []).sort()
}

async function verdict({ ledger }: RetentionTestParts): Promise<string> {
  const files = await exported(ledger, { private: true })
  const report = await verifyLedger({
    read: async (path) => files.get(path),
    async *lines(path) {
      for (const line of Buffer.from(files.get(path) ?? [])
        .toString()
        .split('\n'))
        if (line !== '') yield line
    },
  })
  return report.verdict === 'ok' ? 'ok' : JSON.stringify(report)
}
