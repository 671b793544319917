import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { appendedRecords } from './appended-records.ts'
import { baseline } from './baseline/index.ts'
import { connectionExpiry } from './connection-expiry.ts'
import { decisionEndings } from './decision-endings.ts'
import { decisionLists } from './decision-lists.ts'
import { givenNames } from './given-names.ts'
import { openDecisions } from './open-decisions.ts'
import { noBuildWithoutBundles, packedRecords } from './packed-records.ts'
import { placedRecords } from './placed-records.ts'
import { portableSql, type Statements } from './portable-sql.ts'
import { tokenSettings } from './token-settings.ts'
import { usedProofs } from './used-proofs.ts'

/**
 * Every migration by its name: four digits that rise by one, then a subject. Kysely runs them in the order of their names.
 *
 * INVARIANT: what stood on main is never changed, removed or renumbered, and neither is what it is made of. Databases of every state
 * of main since 11e9c05e are upgraded; `pinned.json` has a digest of each, and `test/upgrade` a database of each schema.
 *
 * Each either expands, which only adds what an older build does not see, or
 * contracts, which takes away what no build since schema N uses any more: its name is then `0007-since-0006-subject`. One that
 * the build works without says so: `0010-since-0009-later-subject`. While it is the last it runs when no older server is left;
 * with another one after it, it is needed like every other. Servers go on while it runs: no statement may hold a lock for long
 * on a table that calls use.
 */
const MIGRATIONS: Readonly<Record<string, Statements>> = {
  '0001-baseline-0cfda5ce': baseline,
  '0002-open-decisions': openDecisions,
  '0003-appended-records': appendedRecords,
  '0004-packed-records': packedRecords,
  '0005-decision-lists': decisionLists,
  '0006-used-proofs': usedProofs,
  '0007-connection-expiry': connectionExpiry,
  '0008-placed-records': placedRecords,
  '0009-decision-endings': decisionEndings,
  '0010-since-0004-later-packed-records': noBuildWithoutBundles,
  '0011-token-settings': tokenSettings,
  '0012-given-names': givenNames,
}

export type { Statements }

/** Migrations by name, in the form that Kysely's `Migrator` takes. None has a way back. */
export type Migrations = Readonly<Record<string, Migration>>

/** Number of a migration, and of the schema that it makes. */
export function numberOf(name: string): number {
  return Number.parseInt(name, 10)
}

/** Number of the oldest schema whose builds work with a migration that takes something away; `undefined` for one that only adds. */
export function oldestBeside(name: string): number | undefined {
  const [, oldest] = /^\d+-since-(\d+)-/.exec(name) ?? []
  return oldest === undefined ? undefined : Number(oldest)
}

/** Tells whether the build works without it, and runs it when the last server of an older build has ended. */
export function mayComeLater(name: string): boolean {
  return /^\d+-since-\d+-later-/.test(name)
}

/** Makes the migrations of the storage, and `more` of modules: all of them are numbered in one row. */
export function migrationsFor(
  engine: 'sqlite' | 'postgres',
  more: Readonly<Record<string, Statements>> = {},
): Migrations {
  const entries = Object.entries({ ...MIGRATIONS, ...more })
  return Object.fromEntries(
    entries.map(([name, statements]) => [name, migration(engine, statements)]),
  )
}

export function migration(engine: 'sqlite' | 'postgres', statements: Statements): Migration {
  return {
    up: async (db) => {
      for (const statement of statements(portableSql(engine))) await sql.raw(statement).execute(db)
    },
  }
}

/** Digests of the statements of each migration, on both engines, by its name. Default: those of the storage itself. */
export function migrationDigests(
  migrations: Readonly<Record<string, Statements>> = MIGRATIONS,
): Readonly<Record<string, string>> {
  const entries = Object.entries(migrations)
  return Object.fromEntries(entries.map(([name, statements]) => [name, digestOf(statements)]))
}

/** Changes whenever a statement of any migration does. */
export const SCHEMA_DIGEST = digestOf((words) =>
  Object.values(MIGRATIONS).flatMap((statements) => statements(words)),
)

function digestOf(statements: Statements): string {
  const texts = (['sqlite', 'postgres'] as const).map((engine) => statements(portableSql(engine)))
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 8)
}
