import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { archive } from '../archive/index.ts'
import { Problem } from '../lib/problem.ts'
import { backUp, checkBackup, restore } from '../maintenance.ts'
import { testedEngines } from '../storage/testing.ts'
import { readRow, writeRow } from './row-line.ts'
import { emptyDatabase, folder, withRooms } from './testing.ts'

for (const engine of testedEngines())
  test(`a backup knows what left for the archive (${engine})`, async (t) => {
    const REMIT_ARCHIVE = await folder(t)
    const parts = await emptyDatabase(t, engine, { REMIT_ARCHIVE })
    const before = await withRooms(parts, async (rooms) => {
      const events = Array.from({ length: 300 }, (_, i) => ({ type: 'test.done', by: `psn_${i}` }))
      await rooms.storage.transaction((tx) => rooms.ledger.append(tx, ...events))
      await rooms.ledger.sequence()
      assert.ok(rooms.archive)
      // A day ahead, so that what was just written is old.
      assert.equal(await archive({ ...rooms.archive, days: -1 }), 256)
      return rooms.ledger.records(0, 300)
    })
    const directory = join(await folder(t), 'backup')
    await backUp(parts, directory)
    await checkBackup(parts, { directory })

    const elsewhere = await emptyDatabase(t, engine, { REMIT_ARCHIVE })
    await restore(elsewhere, { directory })
    await withRooms(elsewhere, async ({ ledger }) =>
      assert.deepEqual(await ledger.records(0, 300), before),
    )
    await withRooms(
      { ...elsewhere, settings: { ...elsewhere.settings, archive: undefined } },
      async ({ ledger }) => {
        await assert.rejects(ledger.records(0, 1), { code: 'archive.unreachable' })
        assert.equal((await ledger.inclusionProof(3)).position, 3)
      },
    )

    // A hash that was changed in the backup, with a manifest that fits, is not the one that was signed for.
    const path = join(directory, 'tables', 'ledger_tiles.jsonl')
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    const changed = lines.map((line) => {
      const [level, tile, hashes] = readRow(line, 3)
      if (level !== 0n || tile !== 0n || !(hashes instanceof Uint8Array)) return line
      const other = Buffer.from(hashes)
      other[0] = (other[0] ?? 0) ^ 1
      return writeRow([level, tile, other]).trimEnd()
    })
    const body = `${changed.join('\n')}\n`
    await writeFile(path, body)
    const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'))
    const table = manifest.tables.find(({ name }: { name: string }) => name === 'ledger_tiles')
    table.sha256 = createHash('sha256').update(body).digest('hex')
    table.bytes = Buffer.byteLength(body)
    const { openMasterKey } = await import('../keys/index.ts')
    const { writeManifest } = await import('./manifest.ts')
    const master = await openMasterKey({
      directory: parts.settings.data,
      ...(parts.settings.masterKey ? { value: parts.settings.masterKey } : {}),
      isNeeded: async () => true,
      random: parts.random,
    })
    const { seal: _seal, ...unsealed } = manifest
    await writeFile(join(directory, 'manifest.json'), writeManifest(unsealed, master))
    await assert.rejects(checkBackup(parts, { directory }), (error: unknown) => {
      assert.ok(error instanceof Problem && error.code === 'backup.damaged', String(error))
      assert.match(error.detail, /not those that were signed for/)
      return true
    })
  })
