import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { verifyLedger } from '../../../../verifier/src/index.ts'
import { manualClock } from '../../lib/clock.ts'
import { systemRandom } from '../../lib/random.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine } from '../../storage/testing.ts'
import type { Ledger } from '../ledger.ts'
import { exported, ledgerKey, ledgerOn } from '../testing.ts'
import { HeadFile, LineageFile } from './head-file.ts'

forEachEngine('a database that went back', (open) => {
  async function begin(t: TestContext) {
    const storage = await open()
    const { key } = ledgerKey()
    const clock = manualClock()
    const directory = mkdtempSync(join(tmpdir(), 'remit-head-'))
    t.after(() => rmSync(directory, { recursive: true }))
    /** A server: its own memory, and a data directory that outlives it. */
    const server = (data = directory, on: Storage = storage) => {
      const keeper = new HeadFile(data, systemRandom)
      return ledgerOn(on, { key, clock, keeper })
    }
    return { storage, clock, directory, server }
  }

  const fill = (storage: Storage, ledger: Ledger, count: number) =>
    storage.transaction((tx) =>
      ledger.append(tx, ...Array.from({ length: count }, () => ({ type: 'test.happened' }))),
    )

  /** Removes rows that were committed, as a failover does that lost the end of the log. */
  async function loseTail(storage: Storage, ledger: Ledger, work: () => Promise<void>) {
    const tables = ['ledger_leaves', 'ledger_tiles', 'ledger_checkpoints', 'ledger_head'] as const
    await ledger.sequence()
    const before = new Map<string, Record<string, unknown>[]>()
    for (const table of tables)
      before.set(table, await storage.read.selectFrom(table).selectAll().execute())
    await work()
    await storage.transaction(async (tx) => {
      for (const table of [...tables, 'ledger_intake'] as const) {
        await tx.deleteFrom(table).execute()
        const rows = before.get(table) ?? []
        if (rows.length > 0)
          await tx
            .insertInto(table)
            .values(rows as never)
            .execute()
      }
    })
  }

  async function lost(t: TestContext) {
    const made = await begin(t)
    const { clock, server, storage } = made
    const ledger = server()
    await fill(storage, ledger, 10)
    await loseTail(storage, ledger, async () => {
      await fill(storage, ledger, 5)
      clock.advance(2_000)
      await ledger.sequence()
    })
    return { ...made, ledger }
  }

  const permit = (storage: Storage, ledger: Ledger) =>
    storage.transaction((tx) => ledger.append(tx, { type: 'decision.intent', decisionId: 'dec_1' }))

  test('is noticed by the server that runs: nothing is permitted, everything else is recorded', async (t) => {
    const { ledger, storage } = await lost(t)
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
    assert.match(ledger.broken ?? '', /15 records were signed for and there are 10/)
    await assert.rejects(permit(storage, ledger), { code: 'ledger.inconsistent' })
    assert.throws(() => ledger.appendStep({ type: 'task.opened' }), { code: 'ledger.inconsistent' })
    await storage.transaction((tx) => ledger.append(tx, { type: 'agent.suspended' }))
  })

  test('is noticed by a server that was started anew, by the head that it kept outside', async (t) => {
    const { server, storage } = await lost(t)
    const next = server()
    await next.start()
    t.after(() => next.stop())
    assert.ok(next.broken)
    await assert.rejects(permit(storage, next), { code: 'ledger.inconsistent' })
  })

  test('also when it has grown past what was signed since', async (t) => {
    const { server, storage } = await lost(t)
    const blind = ledgerOn(storage)
    await fill(storage, blind, 30)
    await assert.rejects(server().sequence(), { code: 'ledger.inconsistent' })
  })

  test('is noticed by all as soon as one has: also by a server that knows nothing of it', async (t) => {
    const { ledger, storage } = await lost(t)
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
    const blind = ledgerOn(storage, { key: ledgerKey().key })
    await assert.rejects(blind.sequence(), { code: 'ledger.inconsistent' })
    await assert.rejects(permit(storage, blind), { code: 'ledger.inconsistent' })
    const found = (await blind.records(0, 100)).filter(({ record }) => /break_found/.test(record))
    assert.equal(found.length, 1)
  })

  test('goes on once it was accepted, in a new history that names the old head, and verifies', async (t) => {
    const { directory, ledger, server, storage } = await lost(t)
    const other = server()
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
    await assert.rejects(other.sequence(), { code: 'ledger.inconsistent' })
    const found = await ledger.openBreak()
    assert.deepEqual(
      [found?.history, found?.head?.size, found?.size, found?.common.size],
      [1, 15, 10, 10],
    )
    const asked = { facts: {}, ready: async () => {} }
    await assert.rejects(ledger.acceptBreak(2, 'psn_admin', asked), { code: 'ledger.no_break' })
    await ledger.acceptBreak(1, 'psn_admin', asked)
    assert.equal(ledger.broken, undefined)
    await permit(storage, ledger)
    await ledger.sequence()
    await other.sequence()
    assert.equal(other.broken, undefined)
    assert.match(await ledger.checkpoint(), /\nhistory 1\n/)
    await ledger.stop()
    assert.equal(readFileSync(join(directory, 'ledger.head'), 'utf8'), await ledger.checkpoint())
    const accepted = (await ledger.records(0, 100)).find(({ record }) =>
      record.includes('ledger.break_accepted'),
    )
    const { by, facts } = JSON.parse(accepted?.record ?? '{}')
    assert.deepEqual(
      [by, facts.head.size, facts.common_size, facts.history],
      ['psn_admin', 15, 10, 1],
    )
    const files = await exported(ledger)
    const source = {
      read: async (path: string) => files.get(path),
      async *lines() {},
    }
    const report = await verifyLedger(source)
    assert.deepEqual([report.verdict, report.decisions.breaks], ['ok', 1])
    await assert.rejects(ledger.acceptBreak(1, 'psn_admin', asked), { code: 'ledger.no_break' })
  })

  test('a break that is accepted while a server looks at it is not found again', async (t) => {
    const { ledger, server, storage } = await lost(t)
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
    const looked = Promise.withResolvers<void>()
    const accepted = Promise.withResolvers<void>()
    /** A server that has the break in its hands until it was accepted. */
    const slow = server(undefined, {
      ...storage,
      read: storage.read.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          if (result.rows.some((row) => 'accepted_at' in row && row.accepted_at === null)) {
            looked.resolve()
            await accepted.promise
          }
          return result
        },
      }),
    })
    const late = assert.rejects(slow.sequence(), { code: 'ledger.inconsistent' })
    await looked.promise
    await ledger.acceptBreak(1, 'psn_admin', { facts: {}, ready: async () => {} })
    accepted.resolve()
    await late
    assert.equal(await ledger.openBreak(), undefined)
    await assert.rejects(permit(storage, slow), { code: 'ledger.inconsistent' }, 'until it looked')
    await slow.sequence()
    assert.equal(slow.broken, undefined)
    await permit(storage, slow)
  })

  test('and went back once more, to before it was accepted, is noticed again', async (t) => {
    const { ledger, server, storage } = await lost(t)
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
    await ledger.acceptBreak(1, 'psn_admin', { facts: {}, ready: async () => {} })
    await ledger.stop()
    await storage.transaction((tx) => tx.deleteFrom('ledger_breaks').execute())
    await assert.rejects(server().sequence(), { code: 'ledger.inconsistent' })
  })

  test('a failover while no server ran is told once, and stops nothing where everything signed is there', async (t) => {
    const { directory, storage } = await begin(t)
    const told: string[] = []
    const { key } = ledgerKey()
    /** A server that is started, and stopped, on this future of the database. */
    const run = async (...futures: readonly string[]) => {
      let future = futures[0]
      const ledger = ledgerOn(
        { ...storage, lineage: () => future },
        {
          key,
          keeper: new HeadFile(directory, systemRandom),
          lineageKeeper: new LineageFile(directory, systemRandom),
          onError: (error) => told.push(String(error)),
        },
      )
      for (future of futures) {
        await ledger.sequence()
        await permit(storage, ledger)
      }
      await ledger.stop()
    }
    await run('71/1')
    await run('71/1')
    assert.deepEqual(told, [], 'nothing has changed')
    await run('71/2')
    assert.match(
      told.join(),
      /failed over, or was restored .*\(timeline 1 to 2\) while this server did/,
    )
    await run('71/2')
    await run('71/2', '71/3')
    await run('71/3')
    assert.equal(told.length, 1, 'once; what happens while it runs is told by the store')
    await run('88/1')
    assert.match(told[1] ?? '', /another database cluster than before \(71 to 88\)/)
    assert.equal(readFileSync(join(directory, 'database.lineage'), 'utf8'), '88/1\n')
    writeFileSync(join(directory, 'database.lineage'), 'nothing')
    await run('88/2')
    assert.equal(told.length, 2, 'a file that says nothing is replaced')
  })

  test('a database that does not say which future it is in leaves no file', async (t) => {
    const { directory, storage } = await begin(t)
    const lineageKeeper = new LineageFile(directory, systemRandom)
    await ledgerOn({ ...storage, lineage: () => undefined }, { lineageKeeper }).sequence()
    assert.equal(await lineageKeeper.read(), undefined)
  })

  test('a head of another ledger is replaced; a file that is no head stops everything', async (t) => {
    const { directory, server, storage } = await begin(t)
    const elsewhere = new HeadFile(directory, systemRandom)
    const stranger = ledgerOn(await open(), { keeper: elsewhere })
    await stranger.sequence()
    const ledger = server()
    await fill(storage, ledger, 3)
    await ledger.sequence()
    assert.equal(ledger.broken, undefined)
    assert.equal(readFileSync(elsewhere.where, 'utf8'), await ledger.checkpoint())
    writeFileSync(elsewhere.where, 'nothing')
    await assert.rejects(server().sequence(), { code: 'ledger.inconsistent' })
  })
})
