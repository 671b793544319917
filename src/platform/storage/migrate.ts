import { sql } from 'kysely'
import { Problem } from '../lib/problem.ts'
import type { StorageBuild } from './build.ts'
import { type Migrations, mayComeLater, numberOf, oldestBeside } from './migrations/index.ts'
import type { Reader, Storage, Tx } from './storage.ts'

/** Table of Kysely's `Migrator` with the names of the migrations that ran. */
const RECORDS = 'kysely_migration'

/** Number of the first schema. */
const FIRST = 1

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
 * Safe to call from several processes at once. Does nothing to a newer schema that this build works with.
 *
 * @throws Problem `storage.newer`, `storage.prerelease`, `storage.replicas_outdated`
 */
export function runMigrations(storage: Storage): Promise<MigrationResult> {
  const { migrations } = storage.build
  return storage.exclusively(async (tx) => {
    const { recorded, replicas, steps } = await readPlan(tx, storage)
    const due = dueNow(steps, replicas)
    const last = due.at(-1)
    if (!last) return { version: recorded, applied: [] }
    requireNoneBelow(oldestOf(due), replicas)
    // Loaded where something is migrated: a start waits for each library that it loads.
    const { Migrator } = await import('kysely/migration')
    const provider = { getMigrations: async () => ({ ...migrations }) }
    const migrator = new Migrator({ db: tx, provider, migrationTableName: RECORDS })
    const { error, results = [] } = await migrator.migrateTo(last)
    if (error) throw error
    return {
      version: recorded + due.length,
      applied: results.map(({ migrationName }) => migrationName),
    }
  })
}

/** Names of the migrations that run now: while older servers run, those at the end that may come later do. */
function dueNow(steps: readonly MigrationStep[], replicas: readonly ReplicaSchema[]) {
  const names = steps.map(({ name }) => name)
  return replicas.length > 0 ? names.slice(0, names.length - laterOf(names).length) : names
}

/** Names at the end of a list in order that may come later. One with another migration after it is needed. */
function laterOf(names: readonly string[]): readonly string[] {
  return names.slice(names.findLastIndex((name) => !mayComeLater(name)) + 1)
}

/** @throws Problem `storage.replicas_outdated` */
function requireNoneBelow(oldest: number, replicas: readonly ReplicaSchema[]): void {
  const older = replicas.filter(({ schema }) => schema < oldest)
  if (older.length === 0) return
  throw new Problem(
    'storage.replicas_outdated',
    `servers that know schema ${Math.min(...older.map(({ schema }) => schema))} still run, and the new one works from ${oldest} on: ${older.map(({ id }) => id).join(', ')}`,
  )
}

/**
 * Runs the migrations that were left for later, if no older server is left. True: all that this build knows has run,
 * so no build begins any more that does not work with it.
 */
export async function finishMigrations(storage: Storage): Promise<boolean> {
  const { needed, oldest, replicas, steps } = await planMigrations(storage)
  if (steps.length === 0) return true
  // Migrations of other kinds run only when an operator asks for them.
  const isRest = steps.every(({ name }) => mayComeLater(name))
  if (!isRest || replicas.some(({ schema }) => schema < oldest)) return false
  const { version } = await runMigrations(storage)
  return version >= needed
}

/** Migration that would run, and which builds work beside it. */
interface MigrationStep {
  readonly name: string
  readonly kind: 'expand' | 'contract'
}

/** Server that holds a lease, and the schema that its build knows. */
interface ReplicaSchema {
  readonly id: string
  readonly schema: number
}

/** Plan of what `runMigrations` would do. */
export interface MigrationPlan extends SchemaVersion {
  readonly steps: readonly MigrationStep[]
  /** Number of the oldest schema whose builds work with the new one. */
  readonly oldest: number
  /** Servers that run now and would not work with it: it does not begin before they have ended. */
  readonly replicas: readonly ReplicaSchema[]
}

/** Reads what a migration would do, and does nothing. @throws Problem `storage.newer`, `storage.prerelease` */
export function planMigrations(storage: Storage): Promise<MigrationPlan> {
  return readPlan(storage.read, storage)
}

async function readPlan(
  db: Reader,
  { build: { migrations }, engine, time }: Storage,
): Promise<MigrationPlan> {
  const { recorded, needed } = await readVersion(db, engine, migrations)
  const before = await recordedNames(db, engine)
  const pending = Object.keys(migrations).toSorted().slice(recorded)
  const oldest = oldestOf([...before, ...pending])
  const contracts = recorded > 0 && oldest > oldestOf(before)
  // INVARIANT: no server takes or prolongs its lease from here to the end of the migration, so none of an older build begins meanwhile.
  if (contracts && engine === 'postgres' && db.isTransaction)
    await sql`LOCK TABLE live_replicas IN SHARE ROW EXCLUSIVE MODE`.execute(db)
  const replicas = contracts
    ? await db
        .selectFrom('live_replicas')
        .select(['id', 'schema'])
        .where('lease_until', '>', time())
        .where('schema', '<', oldest)
        .orderBy('id')
        .execute()
    : []
  const steps = pending.map(
    (name): MigrationStep => ({ name, kind: oldestBeside(name) ? 'contract' : 'expand' }),
  )
  return { recorded, needed, steps, oldest, replicas }
}

/**
 * Versions of the schema: the number of migrations that made the stored one (0: it is empty), and
 * the number that this build knows. The stored one can be greater, if this build works with it.
 */
export interface SchemaVersion {
  readonly recorded: number
  readonly needed: number
}

/** @throws Problem `storage.newer`, `storage.prerelease` */
export function readSchemaVersion({
  build,
  engine,
  read,
}: Pick<Storage, 'build' | 'engine' | 'read'>): Promise<SchemaVersion> {
  return readVersion(read, engine, build.migrations)
}

/** Number of the schema that a build needs. */
export function neededSchema(build: StorageBuild): number {
  return schemaNames(build).length
}

/** Names of the migrations that make that schema, in their order. */
export function schemaNames({ migrations }: StorageBuild): readonly string[] {
  return Object.keys(migrations).toSorted()
}

/**
 * Throws where the schema has more than this build knows: it would leave that out. @throws Problem
 * `storage.newer`
 */
export function requireKnownSchema({ needed, recorded }: SchemaVersion): void {
  if (recorded > needed)
    throw new Problem(
      'storage.newer',
      `the schema is at version ${recorded} and this build knows ${needed}: use the build that migrated it`,
    )
}

/** Throws unless this build works with the schema: `storage.outdated`, `storage.newer` or `storage.prerelease`. */
export async function requireCurrentSchema(
  storage: Pick<Storage, 'build' | 'engine' | 'read'>,
): Promise<void> {
  const { recorded, needed } = await readSchemaVersion(storage)
  const later = laterOf(schemaNames(storage.build))
  // They are the last: a missing migration is one of them.
  if (recorded >= needed - later.filter((name) => numberOf(name) > recorded).length) return
  throw new Problem(
    'storage.outdated',
    `the schema is at version ${recorded} and this build needs ${needed}: run \`remit migrate\``,
  )
}

/**
 * Throws when a migration has taken away what the builds of this schema use. Part of each renewal of a lease.
 *
 * @throws Problem `storage.newer`
 */
export async function requireSupported(tx: Tx, schema: number): Promise<void> {
  const oldest = oldestOf(await namesIn(tx))
  if (oldest > schema)
    throw new Problem(
      'storage.newer',
      `the schema works from version ${oldest} on, this build knows ${schema}: start a newer build`,
    )
}

/** Number of the oldest schema whose builds work when these migrations have run. */
function oldestOf(names: readonly string[]): number {
  return Math.max(FIRST, ...names.map((name) => oldestBeside(name) ?? FIRST))
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
  // A step up to ours that is not ours was taken back, or is of another baseline: no newer build knows it either.
  const isStray = unknown.some((name) => numberOf(name) <= newest)
  const isAhead = !isStray && recorded.length - unknown.length === needed
  // INVARIANT: a build that is older than the oldest that works with the schema does not begin.
  if (isAhead && oldestOf(recorded) <= needed) return { recorded: recorded.length, needed }
  if (unknown.length > 0 && !isStray) {
    throw new Problem(
      'storage.newer',
      `the schema is at version ${recorded.length}, this build knows ${needed}: start the newer build again`,
    )
  }
  // Every version had `used_once`. Those before Kysely's `Migrator` kept other records of their migrations, or none of these.
  const unrecorded = recorded.length === 0 && (await hasTable(db, engine, 'used_once'))
  if (isStray || unrecorded) {
    throw new Problem(
      'storage.prerelease',
      'a state of main from before 1 December 2026 made this database, and no migration leads from it to this build: start with an empty database, and carry the configuration over as the page of this problem says',
    )
  }
  return { recorded: recorded.length, needed }
}

async function recordedNames(db: Reader, engine: Storage['engine']): Promise<readonly string[]> {
  return (await hasTable(db, engine, RECORDS)) ? namesIn(db) : []
}

async function namesIn(db: Reader): Promise<readonly string[]> {
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
