import { sql } from 'kysely'
import { Problem } from '../lib/problem.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { wordsOf } from './migrations/migration.ts'
import type { Storage, Tx } from './storage.ts'

const NEWEST = MIGRATIONS.at(-1)?.version ?? 0

/** What was done: the schema version now, and the names of the migrations that this call ran. */
export interface Migrated {
  readonly version: number
  readonly applied: readonly string[]
}

/** Brings the schema to this build's version. Safe to call from several processes at once. */
export function runMigrations(storage: Storage): Promise<Migrated> {
  return storage.exclusively(async (tx) => {
    await createRecord(tx, storage.engine)
    const before = await recordedVersion(tx)
    refuseNewer(before)
    const applied: string[] = []
    for (const { version, name, statements } of MIGRATIONS) {
      if (version <= before) continue
      for (const statement of statements(wordsOf(storage.engine)))
        await sql.raw(statement).execute(tx)
      await sql`INSERT INTO migrations (version, name) VALUES (${version}, ${name})`.execute(tx)
      applied.push(name)
    }
    return { version: NEWEST, applied }
  })
}

/** Version of the schema that is stored (0: there is none yet), and the one that this build needs. */
export interface SchemaVersion {
  readonly recorded: number
  readonly needed: number
}

export async function readSchemaVersion(storage: Storage): Promise<SchemaVersion> {
  const { rows } =
    storage.engine === 'sqlite'
      ? await sql`SELECT 1 FROM sqlite_schema WHERE name = 'migrations'`.execute(storage.read)
      : await sql`SELECT 1 WHERE to_regclass('migrations') IS NOT NULL`.execute(storage.read)
  return { recorded: rows.length ? await recordedVersion(storage.read) : 0, needed: NEWEST }
}

/** Throws unless the schema is exactly this build's: `storage.outdated` or `storage.newer`. */
export async function requireCurrentSchema(storage: Storage): Promise<void> {
  const { recorded: version } = await readSchemaVersion(storage)
  refuseNewer(version)
  if (version < NEWEST) {
    throw new Problem(
      'storage.outdated',
      `the schema is at version ${version} and this build needs ${NEWEST}: run \`remit migrate\``,
    )
  }
}

async function createRecord(tx: Tx, engine: Storage['engine']): Promise<void> {
  const { integer, text } = wordsOf(engine)
  await sql
    .raw(
      `CREATE TABLE IF NOT EXISTS migrations (version ${integer} NOT NULL PRIMARY KEY, name ${text} NOT NULL)`,
    )
    .execute(tx)
}

async function recordedVersion(db: Tx): Promise<number> {
  const { rows } = await sql<{
    version: number | null
  }>`SELECT max(version) AS version FROM migrations`.execute(db)
  return rows[0]?.version ?? 0
}

function refuseNewer(version: number): void {
  if (version <= NEWEST) return
  throw new Problem(
    'storage.newer',
    `the schema is at version ${version}, this build knows ${NEWEST}: start the newer build again`,
  )
}
