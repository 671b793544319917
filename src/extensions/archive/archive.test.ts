import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { verifyLedger } from '../../../verifier/src/index.ts'
import { ledgerKey, ledgerOn } from '../../platform/ledger/testing.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { beginRetention, liftHold, setHold } from '../retention/index.ts'
import { archive } from './archive.ts'
import { ArchivedBundles } from './archived-bundles.ts'
import { FolderStore } from './places/folder-store.ts'
import type { ArchiveStore } from './segment.ts'
import { ARCHIVE_TABLES } from './tables.ts'

const DAY_MS = 86_400_000
const SCOPE = {
  ...{ matter: 'case-17', by: 'psn_admin', agentId: null, taskId: null, resource: null },
  ...{ fromAt: null, untilAt: null },
}

forEachEngine('the archive of the ledger', (open) => {
  it('takes full bundles of old records out; records, proofs and export are as before', async (t) => {
    const { here, left, parts } = await filled(await open(), t)
    const proof = await parts.ledger.inclusionProof(3, 600)
    const before = await parts.ledger.records(0, 600)
    assert.equal(await archive(parts), 512)
    assert.equal(await left(), 600 - 512 + (await here()))
    assert.deepEqual(await parts.ledger.records(0, 600), before)
    assert.deepEqual(await parts.ledger.inclusionProof(3, 600), proof)
    assert.equal(await verdict(parts), 'ok')
    assert.equal(await archive(parts), 0)
  })

  it('a bundle that is packed in the database leaves as it is, in one row', async (t) => {
    const { left, parts } = await filled(await open(), t)
    assert.equal(await parts.ledger.pack(), 2)
    const before = await parts.ledger.records(0, 600)
    const packed = await parts.ledger.sealing.packed(1)
    assert.ok(packed)
    assert.equal(await archive(parts), 512)
    assert.deepEqual(await parts.store.get('0/tile/entries/001.gz'), Buffer.from(packed))
    assert.equal(await parts.ledger.sealing.packed(1), undefined)
    assert.ok((await left()) < 256)
    assert.deepEqual(await parts.ledger.records(0, 600), before)
    assert.equal(await verdict(parts), 'ok')
  })

  it('stopped at any step, it loses nothing, and the next round goes on', async (t) => {
    for (let steps = 0; steps < 24; steps++) {
      const { parts } = await filled(await open(), t)
      // With the records as they were written, and packed.
      if (steps >= 12) assert.equal(await parts.ledger.pack(), 2)
      const before = await parts.ledger.records(0, 600)
      let count = 0
      const stop = <T extends (...given: never[]) => Promise<unknown>>(work: T) =>
        (async (...given: Parameters<T>) => {
          if (count++ === steps % 12) throw new Error('stopped')
          return work(...given)
        }) as T // as: the same function, which may stop
      const store: ArchiveStore = {
        where: parts.store.where,
        get: (path) => parts.store.get(path),
        put: stop((path: string, bytes: Uint8Array) => parts.store.put(path, bytes)),
      }
      const storage: Storage = Object.create(parts.storage, {
        transaction: { value: stop(parts.storage.transaction.bind(parts.storage)) },
      })
      await archive({ ...parts, store, storage }).catch((error: Error) =>
        assert.match(error.message, /stopped/),
      )
      assert.deepEqual(await parts.ledger.records(0, 600), before, `after ${steps} steps`)
      assert.equal(await verdict(parts), 'ok')
      await archive(parts)
      assert.deepEqual(await parts.ledger.records(0, 600), before)
      assert.equal(await verdict(parts), 'ok')
    }
  })

  it('what a hold covers does not leave, also where it is set between sealing and removal', async (t) => {
    const { left, parts } = await filled(await open(), t)
    const hold = await setHold(parts, { ...SCOPE, personId: 'psn_300' })
    assert.equal(await archive(parts), 256)
    const before = await left()
    await liftHold(parts, { id: hold.id, by: 'psn_admin' })
    let isSet = false
    const storage: Storage = Object.create(parts.storage, {
      transaction: {
        value: async (work: Parameters<Storage['transaction']>[0]) => {
          const rows = await ARCHIVE_TABLES.in(parts.storage.read)
            .selectFrom('ledger_segments')
            .select('from_position')
            .where('removed_at', 'is', null)
            .execute()
          // The second segment is noted, so this is the transaction that removes.
          if (!isSet && rows.length > 0) {
            isSet = true
            await setHold(parts, { ...SCOPE, personId: 'psn_300' })
          }
          return parts.storage.transaction(work)
        },
      },
    })
    assert.equal(await archive({ ...parts, storage }), 0)
    assert.ok(isSet)
    assert.equal((await left()) >= before, true)
  })

  it('a file that changes after it was sealed keeps the records in the database, until it is put back', async (t) => {
    const { parts } = await filled(await open(), t)
    const { store } = parts
    /** Told to stop once the segment is noted: nothing has left yet. */
    const noted = async () => (await segments()).length > 0
    const segments = () =>
      ARCHIVE_TABLES.in(parts.storage.read).selectFrom('ledger_segments').selectAll().execute()
    let isNoted = false
    const storage: Storage = Object.create(parts.storage, {
      transaction: {
        value: async (work: Parameters<Storage['transaction']>[0]) => {
          const answer = await parts.storage.transaction(work)
          isNoted = await noted()
          return answer
        },
      },
    })
    assert.equal(await archive({ ...parts, storage }, () => !isNoted), 0)
    assert.ok(await noted())
    for (const end of ['/000.gz', '/001.gz', 'tile/0/001', '-000000000000512']) {
      const changed: ArchiveStore = {
        where: store.where,
        put: (path, bytes) => store.put(path, bytes),
        get: async (path) => {
          const bytes = await store.get(path)
          return bytes && path.endsWith(end) ? bytes.subarray(1) : bytes
        },
      }
      await assert.rejects(archive({ ...parts, store: changed }), { code: 'archive.damaged' }, end)
      const rows = await parts.storage.read.selectFrom('ledger_leaves').select('position').execute()
      assert.ok(rows.length >= 600, end)
    }
    assert.equal(await archive(parts), 512)
    assert.equal(await verdict(parts), 'ok')
  })

  it('a changed file keeps the records in the database', async (t) => {
    const { parts } = await filled(await open(), t)
    const changing: ArchiveStore = {
      where: parts.store.where,
      put: (path, bytes) => parts.store.put(path, bytes),
      get: async (path) => {
        const bytes = await parts.store.get(path)
        return bytes && path.endsWith('001.gz') ? bytes.subarray(1) : bytes
      },
    }
    const refused = archive({ ...parts, store: changing })
    await assert.rejects(refused, (error: Error) => /archive\./.test(error.message))
    const rows = await parts.storage.read.selectFrom('ledger_leaves').select('position').execute()
    assert.ok(rows.length >= 600)
  })
})

/** 600 records of a year ago, one person each, and an archive beside them. */
async function filled(storage: Storage, t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'remit-archive-'))
  t.after(() => rm(folder, { recursive: true }))
  const clock = manualClock()
  const store = new FolderStore(folder, systemRandom)
  await storage.transaction(beginRetention)
  const archived = new ArchivedBundles(storage.read, store)
  const ledger = ledgerOn(storage, { clock, archived, key: ledgerKey().key })
  const events = Array.from({ length: 600 }, (_, i) => ({ type: 'test.done', person: `psn_${i}` }))
  for (let i = 0; i < 600; i += 200)
    await storage.transaction((tx) => ledger.append(tx, ...events.slice(i, i + 200)))
  await ledger.sequence()
  clock.advance(365 * DAY_MS)
  const parts = { storage, ledger, clock, store, random: systemRandom, days: 90 }
  const left = async () => {
    await ledger.sequence()
    const rows = await storage.read.selectFrom('ledger_leaves').select('position').execute()
    return rows.length
  }
  /** Number of records since. */
  const here = async () => (await ledger.size()) - 600
  return { parts, left, here }
}

async function verdict({ ledger }: { ledger: ReturnType<typeof ledgerOn> }): Promise<string> {
  const files = new Map<string, Uint8Array>()
  await ledger.exportTo(async (path, bytes) => void files.set(path, bytes))
  const report = await verifyLedger({
    read: async (path) => files.get(path),
    async *lines() {},
  })
  return report.verdict === 'ok' ? 'ok' : JSON.stringify(report)
}
