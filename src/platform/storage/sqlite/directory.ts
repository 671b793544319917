import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Problem } from '../../lib/problem.ts'
import { unavailable } from '../failure.ts'
import { failureOf } from './failure.ts'

const BUSY = '5'

/** A data directory that this process alone works in. */
export interface HeldDirectory {
  readonly file: string
  readonly warnings: readonly string[]
  release(): void
}

const LOCK = 'lock.db'
export const DATABASE = 'remit.db'

/**
 * Removes everything in a data directory that no process works in. `last` is removed last, so that an interrupted attempt can be repeated.
 * The lock itself stays: it is held meanwhile.
 *
 * @throws Problem `storage.locked`
 */
export function emptyDirectory(directory: string, last: string): void {
  const held = holdDirectory(directory)
  try {
    const names = readdirSync(directory).filter((name) => name !== LOCK && name !== last)
    for (const name of [...names, last])
      rmSync(join(directory, name), { recursive: true, force: true })
  } finally {
    held.release()
  }
}

/**
 * Makes the directory if need be and takes its lock: an open exclusive transaction on `lock.db`, which the kernel
 * ends with the process however that dies. The database itself cannot be the lock: a connection that holds it
 * exclusively also shuts out the reader of the same process.
 *
 * @throws Problem `storage.locked` when another process, or this one, holds it already
 */
export function holdDirectory(directory: string): HeldDirectory {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (const name of [LOCK, DATABASE]) createPrivate(join(directory, name))
  } catch (cause) {
    throw unavailable(
      `the data directory ${directory} cannot be written: ${errorCode(cause)}`,
      cause,
    )
  }
  const lock = new DatabaseSync(join(directory, LOCK), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    const failure = failureOf(cause)
    if (failure.code !== BUSY) throw unavailable(`${directory}: ${failure.message}`, cause)
    throw new Problem(
      'storage.locked',
      `another process uses ${directory}: stop it, or choose another data directory`,
      { cause },
    )
  }
  return {
    file: join(directory, DATABASE),
    warnings: warningsAbout(directory),
    release: () => lock.close(),
  }
}

/**
 * SQLite gives the files beside a database the mode of the database, so that one is made by hand. A file that exists
 * is not opened: closing it again would drop the locks that SQLite holds on it in this process (fcntl(2)).
 */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

/** A directory that was there before is not ours to change. */
function warningsAbout(directory: string): string[] {
  if (process.platform === 'win32' || (statSync(directory).mode & 0o077) === 0) return []
  return [`the data directory ${directory} can be read by other users: chmod 700 it`]
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
