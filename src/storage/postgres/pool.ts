import pg from 'pg'
import { translated } from './failure.ts'
import type { Primary } from './primary.ts'

/** Milliseconds. The server gives up before the client does, so that the client hears why. */
const CONNECT_TIMEOUT = 5_000
const LOCK_TIMEOUT = 2_000
const STATEMENT_TIMEOUT = 5_000
const TRANSACTION_TIMEOUT = 10_000
const SILENCE_TIMEOUT = 10_000

const INT8 = 20
const NUMERIC = 1700
const BYTEA = 17

/** Values as the rows of `schema.ts` have them: numbers for BIGINT (and for sums of it), plain bytes. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (Number(oid) === INT8 || Number(oid) === NUMERIC) return exactNumber
    if (Number(oid) === BYTEA) return plainBytes
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid)
  },
}

function exactNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is not a safe integer`)
  return value
}

function plainBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}

export interface PoolOptions {
  readonly url: string
  readonly size: number
  readonly primary: Primary
  /** Without: a statement may take as long as it takes. */
  readonly limits?: boolean
}

/**
 * Connections to the primary, and never to anything else. Bounded in number and in every wait.
 *
 * INVARIANT: nothing is written outside of a transaction that says READ WRITE. Statements are sent without waiting for
 * the answer to BEGIN; should BEGIN fail, the server refuses them instead of committing each by itself.
 */
export function openPool({ url, size, primary, limits = true }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...(limits ? clientOptions(url) : withoutLimits(url)),
    max: size,
    pipeline: true,
    onConnect: async (client) => {
      client.on('error', () => {}) // The next use of the connection says the same.
      await client.query('SET default_transaction_read_only = on')
      await primary.check(client)
    },
  })
  pool.on('error', () => {}) // An idle connection that broke is replaced when one is needed.
  return pool
}

export function clientOptions(url: string): pg.ClientConfig {
  return {
    ...withoutLimits(url),
    statement_timeout: STATEMENT_TIMEOUT,
    lock_timeout: LOCK_TIMEOUT,
    idle_in_transaction_session_timeout: TRANSACTION_TIMEOUT,
    query_timeout: SILENCE_TIMEOUT,
  }
}

function withoutLimits(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'remit',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    types: TYPES,
  }
}

/** A connection from the pool that still leads to the newest primary. */
export async function connect(pool: pg.Pool, primary: Primary): Promise<pg.PoolClient> {
  for (;;) {
    const client = await pool.connect().catch((error) => {
      throw translated(error)
    })
    if (primary.isCurrent(client)) return client
    client.release(true)
  }
}
