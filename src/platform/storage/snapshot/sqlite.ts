import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DatabaseConnection } from 'kysely'
import { Kysely } from 'kysely'
import { dialectOver, forReading, noStreaming } from '../dialect.ts'
import { unavailable } from '../failure.ts'
import type { Schema } from '../schema.ts'
import { translated } from '../sqlite/failure.ts'
import { openForReading } from '../sqlite/pragmas.ts'
import { Statements } from '../sqlite/statements.ts'
import {
  ROWS_AT_ONCE,
  type Snapshot,
  type StoredRow,
  type StoredValue,
  selectAll,
} from './snapshot.ts'

/**
 * Opens a snapshot of an embedded database, which a server may be using: readers of a write-ahead
 * log and its writer do not wait for each other. Does not take the lock of the directory.
 * @throws Problem `storage.unavailable`
 */
export async function sqliteSnapshot(directory: string): Promise<Omit<Snapshot, 'build'>> {
  const file = join(directory, 'remit.db')
  if (!existsSync(file)) throw unavailable(`there is no database in ${directory}`)
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    openForReading(db)
    db.exec('BEGIN')
    // A transaction begins to see with its first read.
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
  } catch (error) {
    db.close()
    throw translated(error)
  }
  const statements = new Statements(db)
  const connection: DatabaseConnection = {
    executeQuery: async <R>({
      sql,
      parameters,
    }: {
      sql: string
      parameters: readonly unknown[]
    }) => ({
      rows: statements.run(sql, parameters).rows as R[], // as: the schema types what the statement selects
    }),
    streamQuery: noStreaming,
  }
  return {
    engine: 'sqlite',
    read: new Kysely<Schema>({
      dialect: dialectOver(
        'sqlite',
        forReading(
          async () => connection,
          async () => {},
        ),
      ),
    }),
    rows: (...which) => rowsOf(db, ...which),
    close: async () => db.close(),
  }
}

async function* rowsOf(
  db: DatabaseSync,
  table: string,
  columns: readonly string[],
  orderBy?: string,
): AsyncGenerator<readonly StoredRow[]> {
  const statement = db.prepare(selectAll(table, columns, orderBy))
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  let page: StoredRow[] = []
  for (const row of statement.iterate()) {
    page.push(row as unknown as StoredValue[]) // as: arrays were asked for, and no column holds a fraction
    if (page.length < ROWS_AT_ONCE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
