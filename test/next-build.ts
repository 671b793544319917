import { neededSchema, type StorageBuild } from '../src/platform/storage/index.ts'
import { migration } from '../src/platform/storage/migrations/index.ts'
import { buildFor } from '../src/programs/modules.ts'

const BUILD = buildFor('postgres')

export const NEXT_MIGRATION = `${String(neededSchema(BUILD) + 1).padStart(4, '0')}-next`

/** Makes the build after this one, on PostgreSQL: every table has a column more, and there is one table more. */
export function nextBuild(): StorageBuild {
  const { migrations, tables } = BUILD
  const columns = Object.keys(tables).map((table) => `ALTER TABLE ${table} ADD COLUMN next TEXT`)
  const statements = () => [...columns, 'CREATE TABLE next (id TEXT NOT NULL PRIMARY KEY)']
  const next = { [NEXT_MIGRATION]: migration('postgres', statements) }
  return { tables, migrations: { ...migrations, ...next } }
}
