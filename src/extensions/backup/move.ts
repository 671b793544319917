import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { appendOffline } from '../../platform/ledger/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { recordTime } from '../../platform/revocation/index.ts'
import type { Storage, StorageBuild, Tx } from '../../platform/storage/index.ts'
import { syncFolder, writing } from './files.ts'
import { loadBackup, requireEmpty } from './load-backup.ts'
import { IMPORTED, MANIFEST } from './manifest.ts'
import {
  markMoved,
  prepareDestination,
  reopenOrganization,
  requireNoServer,
  takeDestination,
} from './move-store.ts'
import { BackupProblem } from './problems.ts'
import type { Backup } from './read-backup.ts'
import type { RestoreParts } from './restore.ts'
import { treeSize } from './stored-ledger.ts'

/**
 * Takes a database out of service for good, to be exported for one other database. May be repeated for that one.
 * @throws Problem `storage.in_use`, `storage.moved`: for another one
 */
export function beginMove(
  storage: Pick<Storage, 'engine' | 'exclusively' | 'time'>,
  to: Id<'destination'>,
): Promise<void> {
  return storage.exclusively(async (tx) => {
    await requireNoServer(tx, storage)
    await markMoved(tx, to)
  })
}

/** Result of preparing a database for an export. */
export interface MoveDestination {
  readonly destination: Id<'destination'>
}

/** Makes an empty database the one that an export can be made for. @throws Problem `storage.not_empty`, `storage.in_use` */
export function prepareImport({ random, storage }: RestoreParts): Promise<MoveDestination> {
  return storage.exclusively(async (tx) => {
    await requireNoServer(tx, storage)
    return { destination: await prepareDestination(tx, { build: storage.build, random }) }
  })
}

/**
 * Imports an export into the empty database that it was made for, where everything goes on as it was. INVARIANT: that database has its id
 * until then, and no other one ever has: of an export and its copies, one is imported.
 * @throws Problem `backup.other_destination`, `backup.wrong_kind`, `backup.imported`, `storage.not_empty`, `backup.damaged`
 */
export async function importMove(parts: RestoreParts, backup: Backup): Promise<void> {
  const { clock, onTable, random, storage } = parts
  const { directory, isImported, manifest } = backup
  if (manifest.kind !== 'move')
    throw new BackupProblem('backup.wrong_kind', `${directory} is a backup: use \`remit restore\``)
  if (isImported)
    throw new BackupProblem(
      'backup.imported',
      `${directory} was imported, or an import was interrupted`,
    )
  // INVARIANT: taken before it is imported, so that no two databases go on with the same tasks.
  await take(directory, MANIFEST, IMPORTED)
  try {
    await storage.exclusively(async (tx) => {
      await requireDestination(tx, storage.build, manifest.destination)
      await loadBackup(tx, backup, { storage, onTable, withoutEmptied: false })
      await reopenOrganization(tx)
      const { engine, id, taken_at } = manifest
      const facts = { export: id, taken_at, engine, size: await treeSize(tx) }
      const event = { type: 'database.moved', by: 'operator', facts }
      await appendOffline(tx, event, { now: clock.now(), random })
      // However long the export was on its way.
      await recordTime(tx, clock.now())
    })
  } catch (error) {
    // If the answer to a commit was lost, it may have taken place or not. Then the export stays taken.
    const isUnknown = error instanceof Problem && error.code === 'storage.unavailable'
    if (!isUnknown) await take(directory, IMPORTED, MANIFEST)
    throw error
  }
}

/** @throws Problem `backup.other_destination`, `storage.not_empty` */
async function requireDestination(
  tx: Tx,
  build: StorageBuild,
  to: Id<'destination'> | undefined,
): Promise<void> {
  const here = await takeDestination(tx)
  await requireEmpty(tx, build)
  if (to === undefined || here === to) return
  const detail = `the export is for the database ${to}, and this one ${here ? `is ${here}` : 'was not prepared'}`
  throw new BackupProblem('backup.other_destination', detail)
}

async function take(directory: string, from: string, to: string): Promise<void> {
  await writing(directory, async () => {
    await rename(join(directory, from), join(directory, to))
    await syncFolder(directory)
  })
}
