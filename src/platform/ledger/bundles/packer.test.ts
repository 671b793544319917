import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KyselyPlugin, sql } from 'kysely'
import { until } from '../../../../test/until.ts'
import { manualClock } from '../../lib/clock.ts'
import type { Storage } from '../../storage/index.ts'
import { buildUpTo, forEachEngine } from '../../storage/testing.ts'
import type { Ledger } from '../ledger.ts'
import { RecordReader } from '../record-reader.ts'
import { asText } from '../stored-tree.ts'
import { exported, ledgerKey, ledgerOn } from '../testing.ts'
import { PackedBundles } from './packed-bundles.ts'
import { Packer } from './packer.ts'
import { examineUnpacked } from './unpacked-records.ts'

const LATER = '0010-since-0004-later-packed-records'

forEachEngine('packed records', (open) => {
  test('full bundles are one row each, and everything reads as before', async () => {
    const { ledger, storage } = await filled(await open())
    const before = await everythingOf(ledger)
    const waiting = { size: 600, waiting: 512, wrong: undefined }
    assert.deepEqual(await examineUnpacked(storage.read), waiting)
    assert.equal(await ledger.pack(), 2)
    assert.equal(await ledger.pack(), 0)
    assert.equal(ledger.damage, undefined)
    assert.deepEqual(await examineUnpacked(storage.read), { ...waiting, waiting: 0 })
    assert.deepEqual(await counts(storage), { leaves: 88, bundles: 2 })
    assert.deepEqual(await everythingOf(ledger), before)
    const again = ledgerOn(storage, { key: ledgerKey().key })
    assert.deepEqual(await again.records(250, 20), before.records.slice(250, 270))
    assert.equal(
      await storage.transaction((tx) => again.decisionsAt(tx, [3, 400]).then(String)),
      'dec_3,dec_400',
    )
  })

  test('records go on behind what is packed, also where that is all', async () => {
    const { add, ledger, storage } = await filled(await open(), 512)
    await ledger.pack()
    assert.deepEqual(await counts(storage), { leaves: 0, bundles: 2 })
    assert.equal(await ledger.waiting(), 0)
    await add(300)
    assert.equal(await ledger.size(), 812)
    assert.equal(await ledger.pack(), 1)
    const records = await ledger.records(500, 312)
    assert.deepEqual(
      records.map(({ position }) => position),
      Array.from({ length: 312 }, (_, i) => 500 + i),
    )
  })

  test('what is not behind a signed head stays as it is', async () => {
    const { ledger, storage } = await filled(await open(), 200)
    const events = Array.from({ length: 100 }, () => ({ type: 'test.done' }))
    await storage.transaction((tx) => ledger.append(tx, ...events))
    assert.equal(await ledger.pack(), 0)
    await ledger.sequence()
    assert.equal(await ledger.pack(), 1)
  })

  test('stopped before or after any commit, it loses nothing, and goes on', async () => {
    for (const when of ['before', 'after'] as const)
      for (let steps = 0; steps < 2; steps++) {
        const store = await open()
        const { key, ledger } = await filled(store)
        const before = await everythingOf(ledger)
        let count = 0
        const stopping: Storage = Object.create(store, {
          commit: {
            value: async (...given: Parameters<Storage['commit']>) => {
              const isStop = count++ === steps
              if (isStop && when === 'before') throw new Error('stopped')
              const done = await store.commit(...given)
              if (isStop) throw new Error('stopped')
              return done
            },
          },
        })
        const stopped = ledgerOn(stopping, { key })
        count = Number.NEGATIVE_INFINITY
        await stopped.sequence()
        count = 0
        await assert.rejects(stopped.pack(), /stopped/)
        assert.deepEqual(await everythingOf(ledger), before, `${when} ${steps}`)
        await stopped.pack()
        assert.deepEqual(await counts(store), { leaves: 88, bundles: 2 })
        assert.deepEqual(await everythingOf(ledger), before)
      }
  })

  test('of several that pack at once, one packs each bundle', async () => {
    const { key, ledger, storage } = await filled(await open())
    const before = await everythingOf(ledger)
    const others = [1, 2, 3].map(() => ledgerOn(storage, { key }))
    for (const each of others) await each.sequence()
    const packed = await Promise.all(others.map((each) => each.pack()))
    assert.equal(packed.reduce((a, b) => a + b, 0) <= 2, true)
    await ledger.pack()
    assert.deepEqual(await counts(storage), { leaves: 88, bundles: 2 })
    assert.deepEqual(await everythingOf(ledger), before)
  })

  test('a server packs by itself, second by second', async () => {
    const { ledger, storage } = await filled(await open())
    await ledger.start()
    await until(async () => (await counts(storage)).bundles === 2 || undefined)
    await ledger.stop()
  })

  test('what leaves while it is being packed is not packed', async () => {
    const { key, storage } = await filled(await open())
    let isGone = false
    const leaving: Storage = Object.create(storage, {
      commit: {
        value: async (...given: Parameters<Storage['commit']>) => {
          isGone ||= await storage.transaction(async (tx) => {
            await ledgerOn(storage, { key }).sealing.remove(tx, 0)
            return true
          })
          return storage.commit(...given)
        },
      },
    })
    await ledgerOn(storage, { key }).sequence()
    const packer = new Packer(leaving, manualClock())
    assert.equal(await packer.pack(600), 0)
    assert.ok(isGone)
    assert.deepEqual(await counts(storage), { leaves: 344, bundles: 0 })
  })

  test('whoever reads while records are packed finds them', async () => {
    for (const read of ['between', 'at'] as const) {
      const { ledger, storage } = await filled(await open())
      const before = await ledger.records(100, 400)
      let isPacked = false
      const plugin: KyselyPlugin = {
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          if (!isPacked) isPacked = (await ledger.pack()) === 2
          return result
        },
      }
      const reader = new RecordReader(storage.read.withPlugin(plugin), new PackedBundles())
      const positions = before.map(({ position }) => position)
      const found = read === 'at' ? await reader.at(positions) : await reader.between(100, 500)
      assert.deepEqual(found.map(asText), before)
      assert.ok(isPacked)
    }
  })

  test('a record that is not the one in the tree is not packed', async () => {
    const { ledger, storage } = await filled(await open())
    await storage.transaction((tx) =>
      tx
        .updateTable('ledger_leaves')
        .set({ record: Buffer.from('{"time":"2030-01-01T00:00:00.000Z"}') })
        .where('position', '=', 300)
        .execute(),
    )
    await assert.rejects(ledger.pack(), { code: 'ledger.inconsistent' })
    assert.deepEqual(await counts(storage), { leaves: 344, bundles: 1 })
    assert.equal(await ledger.pack(), 0, 'and nobody hears of it every second')
    assert.match(String(ledger.damage?.detail), /^record 300 is not/)
    const found = { size: 600, waiting: 256, wrong: 300 }
    assert.deepEqual(await examineUnpacked(storage.read), found)
  })

  test('what is remembered of a bundle counts only while the same is stored', async () => {
    const { ledger, storage } = await filled(await open())
    await ledger.pack()
    const [first] = await ledger.records(0, 1)
    const [other] = await ledger.records(256, 1)
    const { packed } = await storage.read
      .selectFrom('ledger_bundles')
      .select('packed')
      .where('bundle', '=', 1)
      .executeTakeFirstOrThrow()
    await storage.transaction((tx) =>
      tx.updateTable('ledger_bundles').set({ packed }).where('bundle', '=', 0).execute(),
    )
    const [now] = await ledger.records(0, 1)
    assert.notEqual(now?.record, first?.record)
    assert.equal(now?.record, other?.record)
  })

  test('nothing is packed while a server of an older build runs, and none begins afterwards', async () => {
    const { clock, ledger, storage } = await filled(await open())
    await storage.transaction((tx) =>
      sql`DELETE FROM kysely_migration WHERE name >= ${LATER}`.execute(tx),
    )
    // A build that has it last begins without it. One that has another after it runs it before it begins.
    const packer = new Packer({ ...storage, build: buildUpTo(storage.engine, LATER) }, clock)
    const pack = async () => packer.pack(await ledger.size())
    const lease_until = (await storage.now()) + 60_000
    await storage.transaction((tx) =>
      tx
        .insertInto('live_replicas')
        .values({ id: 'rpl_old', schema: 3, lease_until, acknowledged: 0, started_at: 0 })
        .execute(),
    )
    assert.equal(await pack(), 0)
    assert.equal(await ledger.pack(), 0, 'nor does the build of today')
    await storage.transaction((tx) => tx.deleteFrom('live_replicas').execute())
    assert.equal(await pack(), 0, 'it does not look each second')
    clock.advance(60_000)
    assert.equal(await pack(), 2)
    const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(
      storage.read,
    )
    assert.ok(rows.some(({ name }) => name === LATER))
  })
})

/** A ledger with records of that many decisions, sequenced and signed. */
async function filled(storage: Storage, count = 600) {
  const { key } = ledgerKey()
  const clock = manualClock()
  const ledger = ledgerOn(storage, { key, clock })
  const add = async (more: number) => {
    const size = await ledger.size()
    const events = Array.from({ length: more }, (_, i) => ({
      type: 'test.done',
      decisionId: `dec_${size + i}`,
      private: { arguments: { order: i } },
    }))
    for (let i = 0; i < more; i += 200)
      await storage.transaction((tx) => ledger.append(tx, ...events.slice(i, i + 200)))
    await ledger.sequence()
  }
  await add(count)
  return { add, clock, key, ledger, storage }
}

async function everythingOf(ledger: Ledger) {
  return {
    records: await ledger.records(0, 1_000),
    some: await ledger.recordsAt([599, 0, 255, 256, 511, 512, 9_999]),
    from: await ledger.records(255, 3),
    proof: await ledger.inclusionProof(300, 600),
    about: await ledger.positionsAbout({ id: 'dec_300', at: 0 }),
    erasable: await ledger.erasablesAfter(200, 250),
    files: await exported(ledger, { private: true }),
  }
}

async function counts({ read }: Storage): Promise<{ leaves: number; bundles: number }> {
  const count = async (table: 'ledger_leaves' | 'ledger_bundles') =>
    (await read.selectFrom(table).selectAll().execute()).length
  return { leaves: await count('ledger_leaves'), bundles: await count('ledger_bundles') }
}
