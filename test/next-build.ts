import { neededSchema } from '../src/platform/storage/migrate.ts'
import {
  type Migrations,
  migration,
  migrationsFor,
} from '../src/platform/storage/migrations/index.ts'
import { TABLES } from '../src/platform/storage/schema.ts'

export const NEXT_MIGRATION = `${String(neededSchema() + 1).padStart(4, '0')}-next`

/** Migrations of a build after this one, on PostgreSQL: every table has a column more, and there is one table more. */
export function nextBuild(): Migrations {
  const columns = Object.keys(TABLES).map((table) => `ALTER TABLE ${table} ADD COLUMN next TEXT`)
  const statements = () => [...columns, 'CREATE TABLE next (id TEXT NOT NULL PRIMARY KEY)']
  return { ...migrationsFor('postgres'), [NEXT_MIGRATION]: migration('postgres', statements) }
}
