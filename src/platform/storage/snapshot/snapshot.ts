import type { Reader, Storage } from '../storage.ts'

/** Value of a column as it is stored: integers are big, so that none loses a digit. */
export type StoredValue = null | string | bigint | Uint8Array

/** State of a whole database at one moment, beside all writes. It holds one transaction open until it is closed. */
export interface Snapshot {
  readonly engine: Storage['engine']
  /** Schema of the build that opened it. */
  readonly build: Storage['build']
  /** Reads of that moment. */
  readonly read: Reader
  /**
   * Rows of a table, some at a time, with the columns in this order. `orderBy`: column that they
   * are sorted by. One table at a time.
   */
  rows(
    table: string,
    columns: readonly string[],
    orderBy?: string,
  ): AsyncIterable<readonly StoredRow[]>
  close(): Promise<void>
}

export type StoredRow = readonly StoredValue[]

/** Number of rows that are read at once. The largest rows have a few megabytes. */
export const ROWS_AT_ONCE = 50

/** Statement that reads a table. Names are those of our own schema. */
export function selectAll(table: string, columns: readonly string[], orderBy?: string): string {
  const quotedIdentifier = (name: string) => `"${name}"`
  const order = orderBy === undefined ? '' : ` ORDER BY ${quotedIdentifier(orderBy)}`
  return `SELECT ${columns.map(quotedIdentifier).join()} FROM ${quotedIdentifier(table)}${order}`
}
