import { openMasterKey } from '../../platform/keys/index.ts'
import { HeadFile, ledgerOrigin } from '../../platform/ledger/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  migrationPlan,
  openSnapshot,
  openStorage,
  requireKnownSchema,
  type Storage,
} from '../../platform/storage/index.ts'
import type { StoreGround } from '../store-ground.ts'
import { checkBackupFiles } from './check-ledger.ts'
import { type EndedWork, endOpenWork } from './end-work.ts'
import { laterActs } from './later-acts.ts'
import type { Manifest } from './manifest.ts'
import { beginMove, importMove, type MoveDestination, prepareImport } from './move.ts'
import { openBackup } from './read-backup.ts'
import type { BackupReport, RestoreReport } from './report.ts'
import {
  acceptClock,
  type ConfirmedClock,
  confirmClock,
  endRestored,
  restoreBackup,
} from './restore.ts'
import { writeBackup } from './write-backup.ts'

/** Store that is worked on, and functions that hear of the work. */
export interface StoreWork extends StoreGround {
  /** Hears of each table that was written or read. */
  readonly onTable: (table: { readonly name: string; readonly rows: number }) => void
  readonly onError: (error: unknown) => void
}

/** A backup, and perhaps a later export of the ledger. */
interface BackupSource {
  readonly directory: string
  readonly ledger?: string | undefined
}

/** Writes a backup, beside the servers that run. @throws Problem `backup.…`, `storage.…`, `keys.…` */
export async function backUp(parts: StoreWork, directory: string): Promise<Manifest> {
  return writeFrom(parts, directory)
}

/** Checks that a backup can be restored here, and changes nothing. @throws Problem `backup.…`, `keys.…` */
export async function checkBackup(parts: StoreWork, source: BackupSource): Promise<BackupReport> {
  return (await opened(parts, source)).report
}

/** Restores a backup into an empty database. @throws Problem `backup.…`, `storage.…`, `keys.…` */
export async function restore(parts: StoreWork, source: BackupSource): Promise<RestoreReport> {
  const { backup, report } = await opened(parts, source)
  const restored = await restoring(parts, (restoreParts) => restoreBackup(restoreParts, backup))
  return { ...restored, ...report, work: await endWork(parts) }
}

/** Ends what a restore ends, in a database that was restored by other means. @throws Problem `storage.…`, `keys.…` */
export async function restoreInPlace(parts: StoreWork): Promise<RestoreReport> {
  await destinationOf(parts)
  return { ...(await restoring(parts, endRestored)), work: await endWork(parts) }
}

/** Takes recorded time back to now, and ends what a restore ends. @throws Problem `storage.…`, `keys.…` */
export async function acceptTime(parts: StoreWork): Promise<RestoreReport> {
  await destinationOf(parts)
  return { ...(await restoring(parts, acceptClock)), work: await endWork(parts) }
}

/** Confirms that the clock is right although the newest record is old. @throws Problem `server.clock_off`, `storage.…`, `keys.…` */
export async function confirmTime(parts: StoreWork): Promise<ConfirmedClock> {
  await destinationOf(parts)
  return restoring(parts, confirmClock)
}

/** Takes the database out of service and writes it for another one. @throws Problem `storage.…`, `backup.…` */
export async function exportMove(
  parts: StoreWork,
  directory: string,
  to: Id<'destination'>,
): Promise<Manifest> {
  return withStorage(parts, async (storage) => {
    await beginMove(storage, to)
    return writeFrom(parts, directory, { kind: 'move', destination: to })
  })
}

/** Makes an empty database the one that an export can be made for. @throws Problem `storage.…`, `keys.…` */
export async function prepareForImport(parts: StoreWork): Promise<MoveDestination> {
  await destinationOf(parts)
  return restoring(parts, prepareImport)
}

/** Loads what `export` wrote into an empty database. @throws Problem `backup.…`, `storage.…`, `keys.…` */
export async function importFrom(parts: StoreWork, directory: string): Promise<Manifest> {
  const { backup } = await opened(parts, { directory })
  await restoring(parts, (restoreParts) => importMove(restoreParts, backup))
  return backup.manifest
}

/** Opens a backup, and reads every file of it once before anything is done with it. */
async function opened(parts: StoreWork, { directory, ledger }: BackupSource) {
  const backup = await openBackup(directory, await destinationOf(parts))
  await checkBackupFiles(backup)
  const { manifest } = backup
  const later = ledger === undefined ? undefined : await laterActs(backup, ledger)
  return { backup, report: { manifest, ...(later ? { later } : {}) } }
}

async function writeFrom(
  parts: StoreWork,
  directory: string,
  as: Parameters<typeof writeBackup>[2] = {},
): Promise<Manifest> {
  const here = await destinationOf(parts)
  const snapshot = await openSnapshot(parts.storage)
  try {
    return await writeBackup({ ...parts, ...here, snapshot }, directory, as)
  } finally {
    await snapshot.close()
  }
}

async function destinationOf({ random, settings, storage }: StoreWork) {
  const master = await openMasterKey({
    directory: settings.data,
    ...(settings.masterKey ? { value: settings.masterKey } : {}),
    isNeeded: async () => true,
    random,
  })
  return { master, issuer: settings.issuer, build: storage.build }
}

function restoring<T>(
  parts: StoreWork,
  work: (restoreParts: Parameters<typeof endRestored>[0]) => Promise<T>,
): Promise<T> {
  return withStorage(parts, async (storage) =>
    work({ ...parts, storage, knownHead: await knownHeadOf(parts) }),
  )
}

/** The head that the lost server kept, where it is of this ledger. */
async function knownHeadOf({ random, settings }: StoreWork): Promise<string | undefined> {
  const note = await new HeadFile(settings.data, random).read()
  return note?.startsWith(`${ledgerOrigin(settings.issuer)}\n`) ? note : undefined
}

async function withStorage<T>(
  parts: StoreWork,
  work: (storage: Storage) => Promise<T>,
): Promise<T> {
  const { storage: options } = parts
  const { needed, recorded } = await migrationPlan(options)
  requireKnownSchema({ needed, recorded })
  const storage = await openStorage({ ...options, migrate: recorded === 0 })
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

function endWork({ onError, withCentre }: StoreWork): Promise<EndedWork> {
  return withCentre(endOpenWork, (error) => {
    // The break that the restore opened.
    if (!(error instanceof Problem && error.code === 'ledger.inconsistent')) onError(error)
  })
}
