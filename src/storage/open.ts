import type { Clock } from '../lib/clock.ts'
import {
  type MigrationResult,
  readSchemaVersion,
  requireCurrentSchema,
  runMigrations,
  type SchemaVersion,
} from './migrate.ts'
import type { ConnectionOptions } from './postgres/client.ts'
import type { PrimaryOptions } from './postgres/primary.ts'
import type { Storage } from './storage.ts'
import { timedBy } from './timed-by.ts'

export type StorageOptions = (
  | { kind: 'sqlite'; directory: string }
  | ({ kind: 'postgres'; url: string } & PrimaryOptions)
) & {
  /** True: bring the schema up to date first. Otherwise an older schema is refused. */
  migrate?: boolean
  /** Database time of SQLite. PostgreSQL has its own. */
  clock?: Clock
  /** Clock that replaces PostgreSQL's own time, in tests that move it. */
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
}

/**
 * Opens the store that `options` name, ready for use.
 *
 * @throws Problem `storage.locked`, `storage.cannot_open`, `storage.unavailable`, `storage.outdated`, `storage.newer`
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const storage = await openEngine(options)
  try {
    if (options.migrate) await runMigrations(storage)
    else await requireCurrentSchema(storage)
    return storage
  } catch (error) {
    await storage.close()
    throw error
  }
}

/**
 * Brings the schema up to date and lets go again. Does nothing when it is; several processes may try at once.
 *
 * @throws Problem `storage.locked`, `storage.unavailable`, `storage.newer`
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
 * Reads which schema is stored, and changes nothing. @throws Problem `storage.locked`,
 * `storage.cannot_open`
 */
export async function schemaVersion(options: StorageOptions): Promise<SchemaVersion> {
  const storage = await openEngine(options)
  try {
    return await readSchemaVersion(storage)
  } finally {
    await storage.close()
  }
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

/** Opens the engine that is used, and loads no other. */
async function openEngine(options: StorageOptions): Promise<Storage> {
  if (options.kind === 'sqlite') {
    const { openSqlite } = await import('./sqlite/open.ts')
    return openSqlite(options)
  }
  const { openPostgres } = await import('./postgres/open.ts')
  const storage = await openPostgres(options)
  return options.databaseClock ? timedBy(storage, options.databaseClock) : storage
}
