import {
  acceptClock,
  type BackupReport,
  beginMove,
  type ConfirmedClock,
  checkBackupFiles,
  confirmClock,
  type EndedWork,
  endOpenWork,
  endRestored,
  importMove,
  laterActs,
  type Manifest,
  type MoveDestination,
  openBackup,
  prepareImport,
  type RestoreReport,
  restoreBackup,
  writeBackup,
} from './extensions/backup/index.ts'
import { openMasterKey } from './platform/keys/index.ts'
import { HeadFile, ledgerOrigin } from './platform/ledger/index.ts'
import type { Clock } from './platform/lib/clock.ts'
import type { Id } from './platform/lib/id.ts'
import { Problem } from './platform/lib/problem.ts'
import type { Random } from './platform/lib/random.ts'
import {
  migrationPlan,
  openSnapshot,
  openStorage,
  requireKnownSchema,
  type Storage,
  type StorageOptions,
} from './platform/storage/index.ts'
import type { Settings } from './programs/config/settings.ts'
import { storageOptions } from './programs/config/settings.ts'
import { closeRooms, openRooms } from './rooms.ts'

/** Parts for work on a store from the command line. */
export interface MaintenanceParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly random: Random
  /** Version of this program. */
  readonly release: string
  /** Hears of each table that was written or read. */
  readonly onTable: (table: { readonly name: string; readonly rows: number }) => void
  readonly onError: (error: unknown) => void
  /** Options of `openStorage` in tests. */
  readonly storage?: Pick<StorageOptions, 'connections' | 'databaseClock'>
}

/** A backup, and perhaps a later export of the ledger. */
interface BackupSource {
  readonly directory: string
  readonly ledger?: string | undefined
}

/** Writes a backup, beside the servers that run. @throws Problem `backup.…`, `storage.…`, `keys.…` */
export async function backUp(parts: MaintenanceParts, directory: string): Promise<Manifest> {
  return writeFrom(parts, directory)
}

/** Checks that a backup can be restored here, and changes nothing. @throws Problem `backup.…`, `keys.…` */
export async function checkBackup(
  parts: MaintenanceParts,
  source: BackupSource,
): Promise<BackupReport> {
  return (await opened(parts, source)).report
}

/** Restores a backup into an empty database. @throws Problem `backup.…`, `storage.…`, `keys.…` */
export async function restore(
  parts: MaintenanceParts,
  source: BackupSource,
): Promise<RestoreReport> {
  const { backup, report } = await opened(parts, source)
  const restored = await restoring(parts, (restoreParts) => restoreBackup(restoreParts, backup))
  return { ...restored, ...report, work: await endWork(parts) }
}

/** Ends what a restore ends, in a database that was restored by other means. @throws Problem `storage.…`, `keys.…` */
export async function restoreInPlace(parts: MaintenanceParts): Promise<RestoreReport> {
  await destinationOf(parts)
  return { ...(await restoring(parts, endRestored)), work: await endWork(parts) }
}

/** Takes recorded time back to now, and ends what a restore ends. @throws Problem `storage.…`, `keys.…` */
export async function acceptTime(parts: MaintenanceParts): Promise<RestoreReport> {
  await destinationOf(parts)
  return { ...(await restoring(parts, acceptClock)), work: await endWork(parts) }
}

/** Confirms that the clock is right although the newest record is old. @throws Problem `server.clock_off`, `storage.…`, `keys.…` */
export async function confirmTime(parts: MaintenanceParts): Promise<ConfirmedClock> {
  await destinationOf(parts)
  return restoring(parts, confirmClock)
}

/** Takes the database out of service and writes it for another one. @throws Problem `storage.…`, `backup.…` */
export async function exportMove(
  parts: MaintenanceParts,
  directory: string,
  to: Id<'destination'>,
): Promise<Manifest> {
  return withStorage(parts, async (storage) => {
    await beginMove(storage, to)
    return writeFrom(parts, directory, { kind: 'move', destination: to })
  })
}

/** Makes an empty database the one that an export can be made for. @throws Problem `storage.…`, `keys.…` */
export async function prepareForImport(parts: MaintenanceParts): Promise<MoveDestination> {
  await destinationOf(parts)
  return restoring(parts, prepareImport)
}

/** Loads what `export` wrote into an empty database. @throws Problem `backup.…`, `storage.…`, `keys.…` */
export async function importFrom(parts: MaintenanceParts, directory: string): Promise<Manifest> {
  const { backup } = await opened(parts, { directory })
  await restoring(parts, (restoreParts) => importMove(restoreParts, backup))
  return backup.manifest
}

/** Opens a backup, and reads every file of it once before anything is done with it. */
async function opened(parts: MaintenanceParts, { directory, ledger }: BackupSource) {
  const backup = await openBackup(directory, await destinationOf(parts))
  await checkBackupFiles(backup)
  const { manifest } = backup
  const later = ledger === undefined ? undefined : await laterActs(backup, ledger)
  return { backup, report: { manifest, ...(later ? { later } : {}) } }
}

async function writeFrom(
  parts: MaintenanceParts,
  directory: string,
  as: Parameters<typeof writeBackup>[2] = {},
): Promise<Manifest> {
  const here = await destinationOf(parts)
  const snapshot = await openSnapshot(optionsOf(parts))
  try {
    return await writeBackup({ ...parts, ...here, snapshot }, directory, as)
  } finally {
    await snapshot.close()
  }
}

async function destinationOf({ random, settings }: MaintenanceParts) {
  const master = await openMasterKey({
    directory: settings.data,
    ...(settings.masterKey ? { value: settings.masterKey } : {}),
    isNeeded: async () => true,
    random,
  })
  return { master, issuer: settings.issuer, build: storageOptions(settings).build }
}

function restoring<T>(
  parts: MaintenanceParts,
  work: (restoreParts: Parameters<typeof endRestored>[0]) => Promise<T>,
): Promise<T> {
  return withStorage(parts, async (storage) =>
    work({ ...parts, storage, knownHead: await knownHeadOf(parts) }),
  )
}

/** The head that the lost server kept, where it is of this ledger. */
async function knownHeadOf({ random, settings }: MaintenanceParts): Promise<string | undefined> {
  const note = await new HeadFile(settings.data, random).read()
  return note?.startsWith(`${ledgerOrigin(settings.issuer)}\n`) ? note : undefined
}

async function withStorage<T>(
  parts: MaintenanceParts,
  work: (storage: Storage) => Promise<T>,
): Promise<T> {
  const options = optionsOf(parts)
  const { needed, recorded } = await migrationPlan(options)
  requireKnownSchema({ needed, recorded })
  const storage = await openStorage({ ...options, migrate: recorded === 0 })
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

function optionsOf({ clock, settings, storage }: MaintenanceParts): StorageOptions {
  return { ...storageOptions(settings), clock, ...storage }
}

async function endWork(parts: MaintenanceParts): Promise<EndedWork> {
  const options = { migrate: false, development: false, ...parts.storage }
  const onError = (error: unknown) => {
    // The break that the restore opened.
    if (!(error instanceof Problem && error.code === 'ledger.inconsistent')) parts.onError(error)
  }
  const rooms = await openRooms(parts.settings, { ...parts, onError }, options)
  try {
    return await endOpenWork(rooms.decisions)
  } finally {
    await closeRooms(rooms)
  }
}
