import { sql } from 'kysely'
import type { Reader, Tx } from '../../storage/index.ts'
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
