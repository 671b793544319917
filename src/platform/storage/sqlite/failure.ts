import { Problem } from '../../lib/problem.ts'
import { StatementError, unavailable } from '../failure.ts'
import type { StatementFailure } from './messages.ts'

/** Primary result codes that speak of the store and not of the statement (sqlite.org/rescode.html). */
const STORE_FAILED = new Map([
  [5, 'another program holds the database'],
  [6, 'another program holds the database'],
  [7, 'out of memory'],
  [8, 'the file system is read-only'],
  [9, 'the statement was interrupted'],
  [10, 'the disk could not be read or written'],
  [11, 'the database file is damaged'],
  [13, 'the disk is full'],
  [14, 'the database file cannot be opened'],
  [15, 'the database is locked'],
  [22, 'the file has grown past what the system allows'],
  [26, 'the file is not a database'],
])
const CONSTRAINT = 19
/** SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID */
const DUPLICATE = new Set([1555, 2067, 2579])

/** Says what an error of node:sqlite means. Also used in the writer thread, whose errors have to be copied. */
export function failureOf(error: unknown): StatementFailure {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  const primary = code & 0xff
  const duplicate = DUPLICATE.has(code)
  const store = STORE_FAILED.get(primary)
  if (store) return { kind: 'unavailable', message: store, code: String(code), duplicate }
  const kind = primary === CONSTRAINT ? 'refused' : 'wrong'
  return { kind, message, code: String(code), duplicate }
}

/** The turn of a transaction was over before it ended: it was rolled back, so nothing of it remains. */
export class TransactionTimedOut extends Problem {
  constructor(message: string) {
    super('storage.unavailable', message)
  }
}

/** The code of that failure. */
export const LOST = 'lost'

export function errorOf(failure: StatementFailure): Error {
  if (failure.code === LOST) return new TransactionTimedOut(failure.message)
  if (failure.kind === 'unavailable') return unavailable(failure.message)
  if (failure.kind === 'refused')
    return new StatementError(failure.message, failure.code, failure.duplicate)
  return new Error(`${failure.message} (SQLite${failure.code ? ` ${failure.code}` : ''})`)
}

/** Turns an error of node:sqlite thrown in the main thread into ours. */
export function translated(error: unknown): Error {
  return error instanceof Problem ? error : errorOf(failureOf(error))
}
