import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type CompiledQuery, type DatabaseConnection, Kysely, type QueryResult, sql } from 'kysely'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { type Connections, dialectOver, forReading, noStreaming } from '../dialect.ts'
import { Hints } from '../hints.ts'
import type { Schema } from '../schema.ts'
import type { EngineStorage, Lane } from '../storage.ts'
import { lineToSocket } from './clients/socket-line.ts'
import { DATABASE, type HeldDirectory, holdDirectory } from './directory.ts'
import { TransactionTimedOut, translated } from './failure.ts'
import type { RowSet } from './messages.ts'
import { openForReading } from './pragmas.ts'
import { Statements } from './statements.ts'
import { lineToThread, startWriter } from './thread.ts'
import { Writer } from './writer.ts'

const TRANSACTION_LIMIT = 10_000

export interface SqliteOptions {
  directory: string
  clock?: Clock | undefined
  /** Maximum time that an interactive transaction may keep everyone else from writing, in ms. */
  transactionLimit?: number | undefined
  /** Socket of the process that writes; absent: this one. */
  writer?: string | undefined
}

/**
 * The embedded engine (contract 11): reads in this thread, on a connection that cannot write; writes in a thread of
 * their own, so that an fsync never stalls a request that is being answered.
 *
 * @throws Problem `storage.locked`, `storage.unavailable`
 */
export async function openSqlite(options: SqliteOptions): Promise<EngineStorage> {
  if (options.writer !== undefined) return openBeside({ ...options, writer: options.writer })
  const directory = holdDirectory(options.directory)
  const writer = new Writer(lineToThread(startWriter(directory.file)))
  try {
    await writer.commit([])
    return {
      ...storageOver(directory, { ...options, writer }),
      share: () => writer.share(options.directory),
    }
  } catch (error) {
    await writer.close()
    directory.release()
    throw error
  }
}

/**
 * Opens the engine beside the process that writes, whose lock covers this one. Time is read where statements run: a process that stood
 * still must not say how late it is.
 */
async function openBeside(
  options: SqliteOptions & { readonly writer: string },
): Promise<EngineStorage> {
  const hints = new Hints()
  const line = await lineToSocket(options.writer)
  const writer = new Writer(line, (channel) => hints.raise(channel))
  try {
    await writer.commit([])
    const file = join(options.directory, DATABASE)
    const alone = storageOver({ file, warnings: [], release() {} }, { ...options, writer })
    return {
      ...alone,
      shared: true,
      nowAtHand: undefined,
      time: () => sql<number>`CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`,
      notify: (channel) => writer.hint(channel),
      onNotify: (channel, listener) => hints.on(channel, listener),
    }
  } catch (error) {
    await writer.close()
    throw error
  }
}

function storageOver(
  directory: HeldDirectory,
  options: Omit<SqliteOptions, 'writer'> & { readonly writer: Writer },
): EngineStorage {
  const { clock = systemClock, transactionLimit = TRANSACTION_LIMIT, writer } = options
  const reading = new DatabaseSync(directory.file, { readOnly: true })
  openForReading(reading)
  const writing = (limit: number | undefined, how: TurnOptions = { first: false }) =>
    new Kysely<Schema>({ dialect: dialectOver('sqlite', turnsOf(writer, limit, how)) })
  const limited = writing(transactionLimit)
  const erasing = writing(transactionLimit, { first: false, erases: true })
  const urgent = writing(transactionLimit, { first: true })
  const unlimited = writing(undefined)
  const hints = new Hints()
  let open = true
  const laneOver = (writes: Kysely<Schema>): Lane => ({
    read: new Kysely<Schema>({ dialect: dialectOver('sqlite', readsOf(reading)) }),
    transaction: (work) => repeated(() => writes.transaction().execute(work)),
    now: async () => clock.now(),
  })
  const lane = laneOver(urgent)
  return {
    engine: 'sqlite',
    shared: false,
    ...laneOver(limited),
    transaction: (work, { erases = false } = {}) =>
      repeated(() => (erases ? erasing : limited).transaction().execute(work)),
    lanes: { renewal: lane, revocation: lane },
    time: () => sql<number>`${clock.now()}`,
    nowAtHand: () => clock.now(),
    exclusively: (work) => unlimited.transaction().execute(work),
    commit: (steps, how) => writer.commit(steps, how),
    notify: (channel) => hints.raise(channel),
    onNotify: (channel, listener) => hints.on(channel, listener),
    onLost: (listener) => writer.onLost(listener),
    warnings: () => directory.warnings,
    load: () => ({ writes: writer.waiting, pools: [] }),
    close: async () => {
      await writer.close()
      if (!open) return
      open = false
      reading.close()
      directory.release()
    },
  }
}

/** Maximum tries of a transaction whose turn was lost. */
const MAX_TRIES = 3

/**
 * Repeats a transaction whose turn was lost: this thread was held up by something else while the
 * writer waited for the next statement. It was rolled back, and `work` has no effect but its
 * statements, so no caller has to be told.
 */
async function repeated<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof TransactionTimedOut) || tries >= MAX_TRIES) throw error
    }
  }
}

/** Makes the connection for all reads. Each statement sees the last commit. */
function readsOf(db: DatabaseSync): Connections {
  const statements = new Statements(db)
  const connection: DatabaseConnection = {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery) => {
      try {
        return resultOf<R>(statements.run(sql, parameters))
      } catch (error) {
        throw translated(error)
      }
    },
    streamQuery: noStreaming,
  }
  return forReading(
    async () => connection,
    async () => {},
  )
}

interface TurnOptions {
  readonly first: boolean
  readonly erases?: boolean
}

interface TurnConnection extends DatabaseConnection {
  turn: number
}

/** A connection for each transaction; its statements travel to the writer thread one by one. */
function turnsOf(writer: Writer, limit: number | undefined, how: TurnOptions): Connections {
  const connect = (): TurnConnection => ({
    turn: 0,
    async executeQuery<R>({ sql, parameters }: CompiledQuery) {
      return resultOf<R>(await writer.query(this.turn, sql, parameters))
    },
    streamQuery: noStreaming,
  })
  const turnOf = (connection: DatabaseConnection) => (connection as TurnConnection).turn // as: made by connect
  return {
    acquireConnection: async () => connect(),
    releaseConnection: async () => {},
    async beginTransaction(connection) {
      Object.assign(connection, { turn: await writer.begin(limit, how) })
    },
    commitTransaction: (connection) => writer.end(turnOf(connection), 'commit'),
    // When the thread is gone there is nothing left to roll back, and the caller's own error says more.
    rollbackTransaction: (connection) => writer.end(turnOf(connection), 'rollback').catch(() => {}),
  }
}

function resultOf<R>({ rows, changes }: RowSet): QueryResult<R> {
  return { rows: rows as R[], numAffectedRows: BigInt(changes) } // as: the schema types what the statement selects
}
