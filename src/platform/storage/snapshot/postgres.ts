import { Kysely } from 'kysely'
import pg from 'pg'
import { dialectOver, forReading, noStreaming } from '../dialect.ts'
import { type ConnectionOptions, withoutLimits } from '../postgres/client.ts'
import { translated } from '../postgres/failure.ts'
import { Primary } from '../postgres/primary.ts'
import type { Schema } from '../schema.ts'
import { ROWS_AT_ONCE, type Snapshot, type StoredRow, selectAll } from './snapshot.ts'

const INT8 = 20
const BYTEA = 17

/** Integers as they are, however large. */
const STORED_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid) => {
    if (Number(oid) === INT8) return BigInt
    if (Number(oid) === BYTEA) return (text: string) => Buffer.from(text.slice(2), 'hex')
    return String
  },
}

/**
 * Opens a snapshot of a PostgreSQL database: one transaction that reads as of its beginning.
 * @throws Problem `storage.unavailable`
 */
export async function postgresSnapshot(
  url: string,
  { Client = pg.Client }: ConnectionOptions = {},
): Promise<Omit<Snapshot, 'build'>> {
  const client = new Client(withoutLimits(url))
  client.on('error', () => {}) // The next statement says the same.
  try {
    await client.connect()
    await new Primary().check(client)
    await client.query(
      'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    )
    // A transaction begins to see with its first statement.
    await client.query('SELECT 1')
  } catch (error) {
    await client.end().catch(() => {})
    throw translated(error)
  }
  const connection = {
    executeQuery: async <R>({
      sql,
      parameters,
    }: {
      sql: string
      parameters: readonly unknown[]
    }) => ({
      rows: (await client.query(sql, [...parameters])).rows as R[], // as: the schema types what the statement selects
    }),
    streamQuery: noStreaming,
  }
  const connections = forReading(
    async () => connection,
    async () => {},
  )
  return {
    engine: 'postgres',
    read: new Kysely<Schema>({ dialect: dialectOver('postgres', connections) }),
    rows: (...which) => rowsOf(client, ...which),
    close: async () => {
      await client.query('ROLLBACK').catch(() => {})
      await client.end().catch(() => {})
    },
  }
}

async function* rowsOf(
  client: pg.Client,
  table: string,
  columns: readonly string[],
  orderBy?: string,
): AsyncGenerator<readonly StoredRow[]> {
  try {
    await client.query(
      `DECLARE snapshot_rows NO SCROLL CURSOR FOR ${selectAll(table, columns, orderBy)}`,
    )
    for (;;) {
      const { rows } = await client.query<StoredRow[]>({
        text: `FETCH ${ROWS_AT_ONCE} FROM snapshot_rows`,
        rowMode: 'array',
        types: STORED_TYPES,
      })
      if (rows.length > 0) yield rows as unknown as readonly StoredRow[] // as: arrays were asked for
      if (rows.length < ROWS_AT_ONCE) break
    }
    await client.query('CLOSE snapshot_rows')
  } catch (error) {
    throw translated(error)
  }
}
