import pg from 'pg'

/** Milliseconds. The server gives up before the client does, so that the client hears why. */
const CONNECT_TIMEOUT = 5_000
const LOCK_TIMEOUT = 2_000
const STATEMENT_TIMEOUT = 5_000
export const TRANSACTION_LIMIT = 10_000
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

export function clientOptions(url: string, limit = TRANSACTION_LIMIT): pg.ClientConfig {
  return {
    ...withoutLimits(url),
    statement_timeout: STATEMENT_TIMEOUT,
    lock_timeout: LOCK_TIMEOUT,
    idle_in_transaction_session_timeout: limit,
    query_timeout: SILENCE_TIMEOUT,
  }
}

export function withoutLimits(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'remit',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    types: TYPES,
  }
}
