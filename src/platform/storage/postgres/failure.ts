import pg from 'pg'
import { Problem } from '../../lib/problem.ts'
import { StatementError, unavailable } from '../failure.ts'
import { withoutLimits } from './client.ts'

/** SQLSTATE classes and codes that speak of the server and not of the statement (PostgreSQL manual, appendix A). */
const SERVER_FAILED: readonly (readonly [string, string])[] = [
  ['08', 'the connection to the database failed'],
  ['25006', 'the database does not take writes'],
  ['25P03', 'a transaction took too long and was rolled back'],
  ['25P04', 'a transaction took too long and was rolled back'],
  ['28', 'the database refused the credentials'],
  ['3D', 'the database does not exist'],
  ['40', 'too many transactions got in each other’s way'],
  ['53', 'the database is out of disk, memory or connections'],
  ['55', 'a row was locked for too long'],
  ['57', 'the database cancelled the statement or is shutting down'],
  ['58', 'the database server had a system error'],
  ['F0', 'the database server is misconfigured'],
  ['XX', 'the database server had an internal error'],
]
const CONSTRAINT = '23'
const UNIQUE_VIOLATION = '23505'
/**
 * SQLSTATE codes of serialisation failure and deadlock: nothing happened, trying again is right.
 */
const WORTH_ANOTHER_TRY = new Set(['40001', '40P01'])
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * SQLSTATE of an error that the server sent; `undefined` for errors of the network, which have
 * codes, too.
 */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/**
 * Checks whether another try is right. `locks`: also after a lock that was not obtained in time,
 * whose holder may be gone by then.
 */
export function isWorthAnotherTry(error: unknown, locks = false): boolean {
  const state = sqlStateOf(error) ?? ''
  return WORTH_ANOTHER_TRY.has(state) || (locks && state === LOCK_NOT_AVAILABLE)
}

/** Checks whether a lock was not obtained in time: nothing happened. */
export function isLocked(error: unknown): boolean {
  return sqlStateOf(error) === LOCK_NOT_AVAILABLE
}

/** Checks whether the server ended the connection with this error (PostgreSQL manual 20.8, severity `FATAL`). */
export function endsConnection(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'FATAL'
}

/** Checks whether the server, or the caller within its transaction, took too long. Another try would wait as long again. */
export function isTimeout(error: unknown): boolean {
  const isSilence = error instanceof Error && error.message === 'Query read timeout'
  return isSilence || /^25P0[34]$/.test(sqlStateOf(error) ?? '')
}

export function isDuplicateKey(error: unknown): boolean {
  return sqlStateOf(error) === UNIQUE_VIOLATION
}

/**
 * Problem for a database that cannot be opened: says where it was looked for, and why that failed.
 * Never the password.
 */
export function cannotOpen(
  error: unknown,
  { host, port, user, database }: DatabaseAddress,
): Problem {
  const state = sqlStateOf(error)
  const server = SERVER_FAILED.find(([prefix]) => state?.startsWith(prefix))
  const why =
    state === undefined
      ? networkReason(error)
      : isPoolerRefusal(error)
        ? 'a pooler refuses the time limits of Remit: set its ignore_startup_parameters'
        : `${server?.[1] ?? 'it answered'} (${state})`
  const where = `the database \`${database}\` at ${host}:${port} as user \`${user}\``
  return new Problem('storage.cannot_open', `${where}: ${why}`, { cause: error })
}

/** PgBouncer (`ignore_startup_parameters` in its manual). */
function isPoolerRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('unsupported startup parameter')
}

/** Address under which a database was looked for. */
export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** A host of several addresses fails with one error for each. */
function networkReason(error: unknown): string {
  const each = error instanceof AggregateError ? error.errors : [error]
  const reasons = each.map((one) => (one instanceof Error ? one.message : String(one)))
  return [...new Set(reasons)].join('; ')
}

/**
 * Turns an error of `pg` into ours. An error without SQLSTATE came from the network or from this
 * process.
 */
export function translated(error: unknown): Error {
  if (error instanceof Problem) return error
  const state = sqlStateOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (!state) return unavailable('the database cannot be reached', error)
  const server = SERVER_FAILED.find(([prefix]) => state.startsWith(prefix))
  if (server) return unavailable(`${server[1]} (${state})`, error)
  if (state.startsWith(CONSTRAINT))
    return new StatementError(message, state, state === UNIQUE_VIOLATION)
  return new Error(`${message} (PostgreSQL ${state})`, { cause: error })
}

/**
 * Problem of a failed start. A pool's own problem is worded for a request that may be repeated; at
 * a start, address and cause are what counts.
 */
export function openingFailure(error: unknown, url: string): Error {
  const cause = error instanceof Problem ? error.cause : error
  const isOurs = error instanceof Problem && !(cause instanceof Error)
  if (isOurs) return error
  const { host, port, user = '', database = '' } = new pg.Client(withoutLimits(url))
  return cannotOpen(cause, { host, port, user, database })
}
