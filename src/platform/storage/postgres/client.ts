import pg from 'pg'

/** Milliseconds. The server gives up before the client does, so that the client hears why. */
const CONNECT_TIMEOUT = 5_000
const LOCK_TIMEOUT = 2_000
const STATEMENT_TIMEOUT = 5_000
export const TRANSACTION_LIMIT = 10_000
const SILENCE_TIMEOUT = 10_000

/** A lease is 5 s, so a renewal that is not answered has to be tried again before that. */
export const RENEWAL_LIMITS: Partial<TimeLimits> = { idle: 2_000, lock: 1_000, silence: 3_000 }
/**
 * Limits of revocations. A short wait for a lock, which is then asked for again: its holder may be
 * gone by then.
 */
export const REVOCATION_LIMITS: Partial<TimeLimits> = { idle: 5_000, lock: 1_000 }
const CALL_LIMITS: TimeLimits = {
  idle: TRANSACTION_LIMIT,
  lock: LOCK_TIMEOUT,
  silence: SILENCE_TIMEOUT,
}

/**
 * Time limits in milliseconds: for the caller within a transaction, for a lock, for the server's
 * answer.
 */
export interface TimeLimits {
  readonly idle: number
  readonly lock: number
  readonly silence: number
}

/** Options of connections in tests, which share a machine and open many databases. */
export interface ConnectionOptions {
  /**
   * Factor by which waits for connections, locks, answers and other attempts are longer. Default:
   * 1.
   */
  readonly waitFactor?: number
  /** Class of the clients. Default: that of `pg`. */
  readonly Client?: new (
    config?: pg.ClientConfig,
  ) => pg.Client
}

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

/** Options of a client. `waitFactor`: factor by which every wait is longer. */
export function clientOptions(
  url: string,
  limits: Partial<TimeLimits> = {},
  waitFactor = 1,
): pg.ClientConfig {
  const { idle, lock, silence } = { ...CALL_LIMITS, ...limits }
  return {
    ...withoutLimits(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT * waitFactor,
    statement_timeout: Math.min(STATEMENT_TIMEOUT, silence) * waitFactor,
    lock_timeout: lock * waitFactor,
    idle_in_transaction_session_timeout: idle * waitFactor,
    query_timeout: silence * waitFactor,
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
