import { sql } from 'kysely'
import { Problem } from '../lib/problem.ts'
import { type Migrations, migrationsFor } from './migrations/index.ts'
import type { Reader, Storage } from './storage.ts'

/** Table of Kysely's `Migrator` with the names of the migrations that ran. */
const RECORDS = 'kysely_migration'

/**
 * Result of a migration: the schema version now, and the names of the migrations that this call
 * ran.
 */
export interface MigrationResult {
  readonly version: number
  readonly applied: readonly string[]
}

/**
 * Brings the schema to this build's version with Kysely's `Migrator`: everything in one transaction, or nothing.
 * Safe to call from several processes at once.
 *
 * @throws Problem `storage.newer`, `storage.prerelease`
 */
export function runMigrations(
  storage: Storage,
  migrations: Migrations = migrationsFor(storage.engine),
): Promise<MigrationResult> {
  return storage.exclusively(async (tx) => {
    await readVersion(tx, storage.engine, migrations)
    // Loaded where something is migrated: a start waits for each library that it loads.
    const { Migrator } = await import('kysely/migration')
    const provider = { getMigrations: async () => ({ ...migrations }) }
    const migrator = new Migrator({ db: tx, provider, migrationTableName: RECORDS })
    const { error, results = [] } = await migrator.migrateToLatest()
    if (error) throw error
    return {
      version: Object.keys(migrations).length,
      applied: results.map(({ migrationName }) => migrationName),
    }
  })
}

/**
 * Versions of the schema: the number of migrations that made the stored one (0: it is empty), and
 * the number that this build knows.
 */
export interface SchemaVersion {
  readonly recorded: number
  readonly needed: number
}

/** @throws Problem `storage.newer`, `storage.prerelease` */
export function readSchemaVersion(
  storage: Storage,
  migrations: Migrations = migrationsFor(storage.engine),
): Promise<SchemaVersion> {
  return readVersion(storage.read, storage.engine, migrations)
}

/** Throws unless the schema is exactly this build's: `storage.outdated`, `storage.newer` or `storage.prerelease`. */
export async function requireCurrentSchema(
  storage: Storage,
  migrations: Migrations = migrationsFor(storage.engine),
): Promise<void> {
  const { recorded, needed } = await readSchemaVersion(storage, migrations)
  if (recorded === needed) return
  throw new Problem(
    'storage.outdated',
    `the schema is at version ${recorded} and this build needs ${needed}: run \`remit migrate\``,
  )
}

/** Looks before Kysely does, which would say of each of these that migrations are corrupted. */
async function readVersion(
  db: Reader,
  engine: Storage['engine'],
  migrations: Migrations,
): Promise<SchemaVersion> {
  const known = Object.keys(migrations).toSorted()
  const needed = known.length
  const recorded = await recordedNames(db, engine)
  const unknown = recorded.filter((name) => !known.includes(name))
  const newest = numberOf(known.at(-1) ?? '')
  if (unknown.some((name) => numberOf(name) > newest)) {
    throw new Problem(
      'storage.newer',
      `the schema is at version ${recorded.length}, this build knows ${needed}: start the newer build again`,
    )
  }
  // Every version had `used_once`. Those before the first release kept other records of their migrations, or none of these.
  const unrecorded = recorded.length === 0 && (await hasTable(db, engine, 'used_once'))
  if (unknown.length > 0 || unrecorded) {
    throw new Problem(
      'storage.prerelease',
      'a development version from before the first release made this database, and no migration leads from it to this build: start with an empty one',
    )
  }
  return { recorded: recorded.length, needed }
}

async function recordedNames(db: Reader, engine: Storage['engine']): Promise<readonly string[]> {
  if (!(await hasTable(db, engine, RECORDS))) return []
  const { rows } = await sql<{
    name: string
  }>`SELECT name FROM ${sql.table(RECORDS)}`.execute(db)
  return rows.map(({ name }) => name)
}

async function hasTable(db: Reader, engine: Storage['engine'], name: string): Promise<boolean> {
  const query =
    engine === 'sqlite'
      ? sql`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ${name}`
      : sql`SELECT 1 WHERE to_regclass(${name}) IS NOT NULL`
  return (await query.execute(db)).rows.length > 0
}

function numberOf(name: string): number {
  return Number.parseInt(name, 10)
}
