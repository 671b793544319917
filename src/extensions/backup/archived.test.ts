import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { backUp, checkBackup, type MaintenanceParts, restore } from '../../maintenance.ts'
import { openMasterKey } from '../../platform/keys/index.ts'
import { packBundle } from '../../platform/ledger/index.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { type StoredValue, TABLES } from '../../platform/storage/index.ts'
import { testedEngines } from '../../platform/storage/testing.ts'
import { archive } from '../archive/archive.ts'
import { FolderStore } from '../archive/places/folder-store.ts'
import { writeManifest } from './manifest.ts'
import { readRow, writeRow } from './row-line.ts'
import { emptyDatabase, folder, withRooms } from './testing.ts'

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
  parts: MaintenanceParts,
  directory: string,
  name: keyof typeof TABLES,
  change: (row: readonly StoredValue[]) => readonly StoredValue[] | undefined,
): Promise<void> {
  const files = [join(directory, 'tables', `${name}.jsonl`), join(directory, 'manifest.json')]
  const before = await Promise.all(files.map((each) => readFile(each, 'utf8')))
  const [lines = '', text = ''] = before
  const body = lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const changed = change(readRow(line, Object.keys(TABLES[name]).length))
      return `${changed ? writeRow(changed).trimEnd() : line}\n`
    })
    .join('')
  assert.notEqual(body, lines)
  const manifest = JSON.parse(text)
  const table = manifest.tables.find((each: { name: string }) => each.name === name)
  table.sha256 = createHash('sha256').update(body).digest('hex')
  table.bytes = Buffer.byteLength(body)
  const master = await openMasterKey({
    directory: parts.settings.data,
    ...(parts.settings.masterKey ? { value: parts.settings.masterKey } : {}),
    isNeeded: async () => true,
    random: parts.random,
  })
  const { seal: _seal, ...unsealed } = manifest
  const [rows = '', sealed = ''] = files
  await writeFile(rows, body)
  await writeFile(sealed, writeManifest(unsealed, master))
  await assert.rejects(checkBackup(parts, { directory }), { code: 'backup.damaged' })
  for (const [i, file] of files.entries()) await writeFile(file, before[i] ?? '')
  await checkBackup(parts, { directory })
}
