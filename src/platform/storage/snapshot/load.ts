import { sql } from 'kysely'
import type { StorageBuild } from '../build.ts'
import type { Reader, Storage, Tx } from '../storage.ts'
import type { StoredRow } from './snapshot.ts'

/** Parameters of one statement; SQLite takes 32,766 of them. */
const MAX_PARAMETERS = 5_000

/** Name of a table that has a row, if there is one. */
export async function tableInUse(
  read: Reader,
  { tables }: StorageBuild,
): Promise<string | undefined> {
  for (const table of Object.keys(tables)) {
    const { rows } = await sql`SELECT 1 FROM ${sql.table(table)} LIMIT 1`.execute(read)
    if (rows.length > 0) return table
  }
  return undefined
}

/** Inserts rows as they were stored, with these columns. */
export async function insertRows(
  tx: Tx,
  table: string,
  columns: readonly string[],
  rows: readonly StoredRow[],
): Promise<void> {
  const atOnce = Math.max(1, Math.floor(MAX_PARAMETERS / columns.length))
  for (let from = 0; from < rows.length; from += atOnce) {
    const values = rows
      .slice(from, from + atOnce)
      .map((row) => sql`(${sql.join(row.map((value) => sql`${value}`))})`)
    await sql`INSERT INTO ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))})
      VALUES ${sql.join(values)}`.execute(tx)
  }
}

/**
 * Runs `load` with foreign keys that are checked at its end, so that rows may come in any order.
 * Then sets the sequences of the database behind the inserted numbers.
 */
export async function loading<T>(
  tx: Tx,
  engine: Storage['engine'],
  load: () => Promise<T>,
): Promise<T> {
  if (engine === 'sqlite') {
    await sql`PRAGMA defer_foreign_keys = ON`.execute(tx)
    return load()
  }
  const { rows: keys } = await sql<{ table: string; name: string }>`
    SELECT conrelid::regclass::text AS table, conname AS name FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`.execute(tx)
  const alter = async (how: string) => {
    for (const { name, table } of keys)
      await sql`ALTER TABLE ${sql.id(table)} ALTER CONSTRAINT ${sql.id(name)} ${sql.raw(how)}`.execute(
        tx,
      )
  }
  await alter('DEFERRABLE INITIALLY DEFERRED')
  const result = await load()
  await sql`SET CONSTRAINTS ALL IMMEDIATE`.execute(tx)
  await alter('NOT DEFERRABLE')
  await countOn(tx)
  return result
}

async function countOn(tx: Tx): Promise<void> {
  const { rows } = await sql<{ table: string; name: string }>`
    SELECT table_name AS table, column_name AS name FROM information_schema.columns
    WHERE table_schema = current_schema() AND is_identity = 'YES'`.execute(tx)
  for (const { name, table } of rows)
    await sql`SELECT setval(pg_get_serial_sequence(${table}, ${name}),
      (SELECT COALESCE(max(${sql.id(name)}), 0) + 1 FROM ${sql.id(table)}), false)`.execute(tx)
}
