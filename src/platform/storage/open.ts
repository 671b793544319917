import { sql } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import { type StorageBuild, storageBuild } from './build.ts'
import {
  type MigrationPlan,
  type MigrationResult,
  planMigrations,
  readSchemaVersion,
  requireCurrentSchema,
  requireKnownSchema,
  runMigrations,
} from './migrate.ts'
import type { ConnectionOptions } from './postgres/client.ts'
import type { PostgresFacts } from './postgres/examine.ts'
import type { PrimaryOptions } from './postgres/primary.ts'
import { rehearsable } from './rehearsal.ts'
import type { Snapshot } from './snapshot/snapshot.ts'
import type { EngineStorage, Storage } from './storage.ts'

export type StorageOptions = (
  | {
      kind: 'sqlite'
      directory: string
      /** Address of the process that writes (`Storage.share`); absent: this process writes. */
      writer?: string | undefined
    }
  | ({ kind: 'postgres'; url: string } & PrimaryOptions)
) & {
  /** True: bring the schema up to date first. Otherwise an older schema is refused. */
  migrate?: boolean
  /** Database time of SQLite. PostgreSQL has its own. */
  clock?: Clock
  /** Clock that replaces the time of a store that is shared, in tests that move it. */
  databaseClock?: Clock | undefined
  /** Called after a failover of PostgreSQL that may have lost something. */
  onFailover?: (what: string) => void
  /**
   * Maximum time that a `transaction` may keep others waiting before it is rolled back, in ms.
   * Default 10 s.
   */
  transactionLimit?: number
  /** Options of connections to PostgreSQL in tests. */
  connections?: ConnectionOptions | undefined
  /** Schema of the build. Default: that of the storage itself, without modules. */
  build?: StorageBuild | undefined
}

/**
 * Opens the store that `options` name, ready for use.
 *
 * @throws Problem `storage.locked`, `storage.cannot_open`, `storage.unavailable`, `storage.outdated`, `storage.newer`,
 * `storage.replicas_outdated`
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const storage = rehearsable(await openEngine(options))
  try {
    if (options.migrate) await runMigrations(storage)
    else await requireCurrentSchema(storage)
    if (options.kind === 'sqlite') await (await import('./sqlite/proofs.ts')).knowProofs(storage)
    return storage
  } catch (error) {
    await storage.close()
    throw error
  }
}

/**
 * Brings the schema up to date and lets go again. Does nothing when it is; several processes may try at once.
 *
 * @throws Problem `storage.locked`, `storage.unavailable`, `storage.newer`, `storage.replicas_outdated`
 */
export async function migrate(options: StorageOptions): Promise<MigrationResult> {
  const storage = await openEngine(options)
  try {
    return await runMigrations(storage)
  } finally {
    await storage.close()
  }
}

/**
 * Reads which schema is stored and what a migration would do, and changes nothing.
 * @throws Problem `storage.locked`, `storage.cannot_open`, `storage.newer`, `storage.prerelease`
 */
export async function migrationPlan(options: StorageOptions): Promise<MigrationPlan> {
  const storage = await openEngine(options)
  try {
    return await planMigrations(storage)
  } finally {
    await storage.close()
  }
}

/**
 * Opens the state of a store as of now, beside a server that uses it.
 *
 * @throws Problem `storage.cannot_open`, `storage.unavailable`, `storage.outdated`, `storage.newer`
 */
export async function openSnapshot(options: StorageOptions): Promise<Snapshot> {
  const opened = await (options.kind === 'sqlite'
    ? (await import('./snapshot/sqlite.ts')).sqliteSnapshot(options.directory)
    : (await import('./snapshot/postgres.ts')).postgresSnapshot(options.url, options.connections))
  const snapshot = { ...opened, build: buildOf(options) }
  try {
    await requireCurrentSchema(snapshot)
    requireKnownSchema(await readSchemaVersion(snapshot))
    return snapshot
  } catch (error) {
    await snapshot.close()
    throw error
  }
}

/**
 * Looks at the server of a database, beside those who use it; undefined: it is embedded.
 *
 * @throws Problem `storage.cannot_open`
 */
export async function examineDatabase(options: StorageOptions): Promise<PostgresFacts | undefined> {
  if (options.kind === 'sqlite') return undefined
  const { examinePostgres } = await import('./postgres/examine.ts')
  return examinePostgres(options.url, options.connections)
}

/**
 * Removes everything in a data directory of the embedded engine, but only when no process works in it. The file `last` goes last.
 *
 * @throws Problem `storage.locked`
 */
export async function emptyDataDirectory(directory: string, last: string): Promise<void> {
  const { emptyDirectory } = await import('./sqlite/directory.ts')
  emptyDirectory(directory, last)
}

function buildOf({ build, kind }: StorageOptions): StorageBuild {
  return build ?? storageBuild(kind)
}

async function openEngine(options: StorageOptions): Promise<Storage> {
  return { ...(await openBare(options)), build: buildOf(options) }
}

/** Opens the engine that is used, and loads no other. */
async function openBare(options: StorageOptions): Promise<EngineStorage> {
  if (options.kind === 'sqlite') {
    const { openSqlite } = await import('./sqlite/open.ts')
    const storage = await openSqlite(options)
    return options.databaseClock && storage.shared
      ? timedBy(storage, options.databaseClock)
      : storage
  }
  const { openPostgres } = await import('./postgres/open.ts')
  const storage = await openPostgres(options)
  return options.databaseClock ? timedBy(storage, options.databaseClock) : storage
}

/** Wraps a store so that its database time is this clock: for tests that move it. */
export function timedBy<S extends EngineStorage>(storage: S, clock: Pick<Clock, 'now'>): S {
  const now = async () => clock.now()
  const { renewal, revocation } = storage.lanes
  return {
    ...storage,
    now,
    nowAtHand: () => clock.now(),
    time: () => sql<number>`CAST(${clock.now()} AS BIGINT)`,
    lanes: { renewal: { ...renewal, now }, revocation: { ...revocation, now } },
  }
}
