import { type Migrations, migrationsFor, type Statements } from './migrations/index.ts'
import { TABLES } from './schema.ts'
import type { Column } from './tables/column.ts'
import { TREATMENT, type Treatment } from './tables/treatment.ts'

/** TableColumns of a table, by name. */
export type TableColumns = Readonly<Record<string, Column>>

/** Table as programs see it that go over all tables. */
export interface StoredTable {
  readonly columns: TableColumns
  readonly treatment: Treatment
  /** Remains of an erased account: `ids`, and no texts by the person or for them. Absent: it has no column `person_id`. */
  readonly leaves?: 'ids' | undefined
}

/** Schema that a build of Remit works with. */
export interface StorageBuild {
  readonly migrations: Migrations
  /** Tables by name, in the order in which a backup has them. */
  readonly tables: Readonly<Record<string, StoredTable>>
}

/** Part of a schema that a module brings. */
export interface ModuleSchema {
  readonly tables?: Readonly<Record<string, StoredTable>>
  /** Statements by the name of the migration. All migrations of a build are numbered in one row. */
  readonly migrations?: Readonly<Record<string, Statements>>
}

const CORE = Object.entries(TREATMENT).map(([name, treatment]) => {
  const columns: TableColumns = TABLES[name as keyof typeof TABLES] // as: it is one of its keys
  return [name, { columns, treatment }] as const
})

/** Puts the schema of a build together: that of the storage itself, and those of modules. */
export function storageBuild(
  engine: 'sqlite' | 'postgres',
  modules: readonly ModuleSchema[] = [],
): StorageBuild {
  const migrations = Object.assign({}, ...modules.map((each) => each.migrations))
  const tables = Object.assign({}, ...modules.map((each) => each.tables))
  return {
    migrations: migrationsFor(engine, migrations),
    tables: { ...tables, ...Object.fromEntries(CORE) },
  }
}

/** Names of the tables of these treatments. */
export function tablesOf(
  { tables }: StorageBuild,
  ...treatments: readonly Treatment[]
): readonly string[] {
  return Object.keys(tables).filter((name) =>
    treatments.some((each) => each === tables[name]?.treatment),
  )
}
