import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Storage } from '../storage.ts'
import { baseline } from './baseline/index.ts'
import { portableSql, type Statements } from './portable-sql.ts'

/**
 * Until the first release the baseline changes in place. Its name ends in a digest of its statements, so that a database
 * that another baseline made is refused instead of half understood.
 */
const BASELINE = `0001-baseline-${digestOf(baseline)}`

/**
 * Every migration by its name: four digits that rise by one, then a subject. Kysely runs them in the order of their names.
 * Never change or remove one that was released.
 */
const MIGRATIONS: Readonly<Record<string, Statements>> = {
  [BASELINE]: baseline,
}

/** Migrations by name, in the form that Kysely's `Migrator` takes. None has a way back. */
export type Migrations = Readonly<Record<string, Migration>>

export function migrationsFor(engine: Storage['engine']): Migrations {
  const entries = Object.entries(MIGRATIONS)
  return Object.fromEntries(
    entries.map(([name, statements]) => [name, migration(engine, statements)]),
  )
}

export function migration(engine: Storage['engine'], statements: Statements): Migration {
  return {
    up: async (db) => {
      for (const statement of statements(portableSql(engine))) await sql.raw(statement).execute(db)
    },
  }
}

/** Changes whenever a statement of any migration does. */
export const SCHEMA_DIGEST = digestOf((words) =>
  Object.values(MIGRATIONS).flatMap((statements) => statements(words)),
)

function digestOf(statements: Statements): string {
  const text = statements(portableSql('postgres')).join(';')
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
