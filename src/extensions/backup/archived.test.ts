import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMasterKey } from '../../platform/keys/index.ts'
import { packBundle } from '../../platform/ledger/index.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { type StoredValue, TABLES } from '../../platform/storage/index.ts'
import { testedEngines } from '../../platform/storage/testing.ts'
import { archive } from '../archive/archive.ts'
import { FolderStore } from '../archive/places/folder-store.ts'
import { MANIFEST, writeManifest } from './manifest.ts'
import { readRow, writeRow } from './row-line.ts'
import {
  backUp,
  checkBackup,
  emptyDatabase,
  folder,
  restore,
  type TestStore,
  withRooms,
} from './testing.ts'

for (const engine of testedEngines())
  test(`a backup knows what left for the archive (${engine})`, async (t) => {
    const REMIT_ARCHIVE = await folder(t)
    const parts = await emptyDatabase(t, engine, { REMIT_ARCHIVE })
    const before = await withRooms(parts, async (rooms) => {
      const add = async () => {
        const events = Array.from({ length: 300 }, (_, i) => ({
          type: 'test.done',
          by: `psn_${i}`,
        }))
        await rooms.storage.transaction((tx) => rooms.ledger.append(tx, ...events))
        await rooms.ledger.sequence()
      }
      await add()
      const store = new FolderStore(REMIT_ARCHIVE, systemRandom)
      // A day ahead, so that what was just written is old.
      assert.equal(await archive({ ...rooms.centre, store, days: -1 }), 256)
      // And of what is left, a bundle is packed in the database.
      await add()
      assert.equal(await rooms.ledger.pack(), 1)
      return rooms.ledger.records(0, 600)
    })
    const directory = join(await folder(t), 'backup')
    await backUp(parts, directory)
    await checkBackup(parts, { directory })

    const elsewhere = await emptyDatabase(t, engine, { REMIT_ARCHIVE })
    await restore(elsewhere, { directory })
    await withRooms(elsewhere, async ({ ledger }) =>
      assert.deepEqual(await ledger.records(0, 600), before),
    )
    await withRooms(
      { ...elsewhere, settings: { ...elsewhere.settings, archive: undefined } },
      async ({ ledger }) => {
        await assert.rejects(ledger.records(0, 1), { code: 'archive.unreachable' })
        assert.equal((await ledger.inclusionProof(3)).position, 3)
      },
    )

    // Builds of before listed tables of modules among those of the centre.
    await rewriteManifest(parts, directory, ({ tables }) => {
      const [segments, ...others] = ['ledger_segments', 'legal_holds'].map((first) =>
        tables.splice(
          tables.findIndex(({ name }) => name === first),
          1,
        ),
      )
      const at = tables.findIndex(({ name }) => name === 'ledger_tiles')
      tables.splice(at, 0, ...(segments ?? []))
      tables.push(...others.flat())
    })
    const third = await emptyDatabase(t, engine, { REMIT_ARCHIVE })
    await restore(third, { directory })
    await withRooms(third, async ({ ledger }) =>
      assert.deepEqual(await ledger.records(0, 600), before),
    )
    // A table that is listed twice is none that a build wrote.
    const whole = await readFile(join(directory, MANIFEST), 'utf8')
    await rewriteManifest(parts, directory, ({ tables }) => {
      tables.splice(1, 1, ...tables.slice(0, 1))
    })
    await assert.rejects(checkBackup(parts, { directory }), { code: 'backup.damaged' })
    await writeFile(join(directory, MANIFEST), whole)

    // Packed records that were changed in the backup, with a manifest that fits, are not those that were signed for; nor is a hash of
    // what is in the archive.
    const other = await packBundle(Array.from({ length: 256 }, () => Buffer.from('{}')))
    for (const bundle of [other, Buffer.from('no gzip')])
      await refused(parts, directory, 'ledger_bundles', ([index = 0n]) => [index, bundle])
    await refused(parts, directory, 'ledger_tiles', ([level, tile, hashes]) => {
      if (level !== 0n || tile !== 0n || !(hashes instanceof Uint8Array)) return
      const changed = Buffer.from(hashes)
      changed[0] = (changed[0] ?? 0) ^ 1
      return [level, tile, changed]
    })
  })

/** Changes rows of a backup, with a manifest that fits, sees that it is refused, and puts them back. */
async function refused(
  parts: TestStore,
  directory: string,
  name: keyof typeof TABLES,
  change: (row: readonly StoredValue[]) => readonly StoredValue[] | undefined,
): Promise<void> {
  const files = [join(directory, 'tables', `${name}.jsonl`), join(directory, 'manifest.json')]
  const before = await Promise.all(files.map((each) => readFile(each, 'utf8')))
  const [lines = ''] = before
  const body = lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const changed = change(readRow(line, Object.keys(TABLES[name]).length))
      return `${changed ? writeRow(changed).trimEnd() : line}\n`
    })
    .join('')
  assert.notEqual(body, lines)
  const [rows = ''] = files
  await writeFile(rows, body)
  await rewriteManifest(parts, directory, ({ tables }) => {
    const table = tables.find((each) => each.name === name)
    assert.ok(table)
    table.sha256 = createHash('sha256').update(body).digest('hex')
    table.bytes = Buffer.byteLength(body)
  })
  await assert.rejects(checkBackup(parts, { directory }), { code: 'backup.damaged' })
  for (const [i, file] of files.entries()) await writeFile(file, before[i] ?? '')
  await checkBackup(parts, { directory })
}

interface WrittenTable {
  readonly name: string
  sha256: string
  bytes: number
}

/** Changes the manifest of a backup, and seals it again with the master key. */
async function rewriteManifest(
  { random, settings }: TestStore,
  directory: string,
  change: (manifest: { readonly tables: WrittenTable[] }) => void,
): Promise<void> {
  const path = join(directory, MANIFEST)
  const { seal: _seal, ...unsealed } = JSON.parse(await readFile(path, 'utf8'))
  change(unsealed)
  const master = await openMasterKey({
    directory: settings.data,
    ...(settings.masterKey ? { value: settings.masterKey } : {}),
    isNeeded: async () => true,
    random,
  })
  await writeFile(path, writeManifest(unsealed, master))
}
