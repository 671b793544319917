import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { appendOffline } from '../ledger/index.ts'
import { Problem } from '../lib/problem.ts'
import { recordTime } from '../revocation/index.ts'
import type { Storage } from '../storage/index.ts'
import { syncFolder, writing } from './files.ts'
import { loadBackup } from './load-backup.ts'
import { IMPORTED, MANIFEST } from './manifest.ts'
import { markMoved, reopenOrganization, requireNoServer } from './move-store.ts'
import type { Backup } from './read-backup.ts'
import type { RestoreParts } from './restore.ts'
import { treeSize } from './stored-ledger.ts'

/** Takes a database out of service for good, to be exported. May be repeated. @throws Problem `storage.in_use` */
export function beginMove(
  storage: Pick<Storage, 'engine' | 'exclusively' | 'time'>,
): Promise<void> {
  return storage.exclusively(async (tx) => {
    await requireNoServer(tx, storage)
    await markMoved(tx)
  })
}

/**
 * Imports an export into an empty database, where everything goes on as it was. The export can be
 * imported once.
 * @throws Problem `backup.wrong_kind`, `backup.imported`, `storage.not_empty`, `backup.damaged`
 */
export async function importMove(parts: RestoreParts, backup: Backup): Promise<void> {
  const { clock, onTable, random, storage } = parts
  const { directory, isImported, manifest } = backup
  if (manifest.kind !== 'move')
    throw new Problem('backup.wrong_kind', `${directory} is a backup: use \`remit restore\``)
  if (isImported)
    throw new Problem('backup.imported', `${directory} was imported, or an import was interrupted`)
  // INVARIANT: taken before it is imported, so that no two databases go on with the same tasks.
  await take(directory, MANIFEST, IMPORTED)
  try {
    await storage.exclusively(async (tx) => {
      await loadBackup(tx, backup, { engine: storage.engine, onTable, withoutEmptied: false })
      await reopenOrganization(tx)
      const { engine, id, taken_at } = manifest
      const facts = { export: id, taken_at, engine, size: await treeSize(tx) }
      const event = { type: 'database.moved', by: 'operator', facts }
      await appendOffline(tx, event, { now: clock.now(), random })
      // However long the export was on its way.
      await recordTime(tx, clock.now())
    })
  } catch (error) {
    // If the answer to a commit was lost, nobody knows whether it took place. Then the export stays taken.
    const isUnknown = error instanceof Problem && error.code === 'storage.unavailable'
    if (!isUnknown) await take(directory, IMPORTED, MANIFEST)
    throw error
  }
}

async function take(directory: string, from: string, to: string): Promise<void> {
  await writing(directory, async () => {
    await rename(join(directory, from), join(directory, to))
    await syncFolder(directory)
  })
}
