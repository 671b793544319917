import { sql } from 'kysely'
import type { Reader, Storage, Tx } from '../../storage/index.ts'
import type { SealedColumn } from './sealed-column.ts'

export interface SealedValue {
  /** Key of the row. */
  readonly key: string
  readonly associatedData: string
  readonly sealed: Uint8Array
}

/** Reads the values behind a row, in order of their keys. */
export async function readSealed(
  reader: Reader,
  column: SealedColumn,
  from: { readonly after: string; readonly most: number },
): Promise<readonly SealedValue[]> {
  const { column: sealed, key, table } = column
  const names = [key, ...(column.with ?? [])]
  const { rows } = await sql<Record<string, unknown>>`
    SELECT ${sql.join(names.map((name) => sql.ref(name)))}, ${sql.ref(sealed)} AS sealed_value FROM ${sql.table(table)}
    WHERE ${sql.ref(sealed)} IS NOT NULL AND ${sql.ref(key)} > ${from.after}
    ORDER BY ${sql.ref(key)} LIMIT ${sql.lit(from.most)}`.execute(reader)
  return rows.map((row) => {
    const texts = Object.fromEntries(names.map((name) => [name, String(row[name] ?? '')]))
    return {
      key: texts[key] ?? '',
      associatedData: column.associatedData(texts),
      sealed: row.sealed_value as Uint8Array, // as: a column of bytes, and not NULL
    }
  })
}

/** Replaces a value. `false`: it has changed meanwhile, or is gone. */
export async function replaceValue(
  tx: Tx,
  column: SealedColumn,
  before: SealedValue,
  sealed: Uint8Array,
): Promise<boolean> {
  const { column: name, key, table } = column
  const { numAffectedRows } = await sql`
    UPDATE ${sql.table(table)} SET ${sql.ref(name)} = ${sealed}
    WHERE ${sql.ref(key)} = ${before.key} AND ${sql.ref(name)} = ${before.sealed}`.execute(tx)
  return numAffectedRows === 1n
}

/**
 * Finds columns with values that may be sealed and that none of `columns` describes: a build with another module made their table.
 */
export async function undescribedColumns(
  { build, engine, read }: Storage,
  columns: readonly SealedColumn[],
): Promise<readonly string[]> {
  const ofBytes =
    engine === 'sqlite'
      ? sql<BytesColumn>`
          SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t JOIN pragma_table_info(t.name) c
          WHERE t.type = 'table' AND c.type = 'BLOB' ORDER BY 1, 2`
      : sql<BytesColumn>`
          SELECT c.table_name AS "table", c.column_name AS "column"
          FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
          WHERE table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.data_type = 'bytea' ORDER BY 1, 2`
  const found: string[] = []
  for (const { column, table } of (await ofBytes.execute(read)).rows) {
    const known = build.tables[table]?.columns[column]
    if (known && !known.sealed) continue
    if (columns.some((each) => each.table === table && each.column === column)) continue
    const { rows } = await sql`
      SELECT 1 FROM ${sql.table(table)} WHERE ${sql.ref(column)} IS NOT NULL LIMIT 1`.execute(read)
    if (rows.length > 0) found.push(`${table}.${column}`)
  }
  return found
}

interface BytesColumn {
  readonly table: string
  readonly column: string
}
