import { Kysely, sql } from 'kysely'
import { dialectOver, forReading } from '../dialect.ts'
import { Hints } from '../hints.ts'
import type { Schema } from '../schema.ts'
import type { Storage } from '../storage.ts'
import { translated } from './failure.ts'
import { Listener } from './listener.ts'
import { connect, openPool } from './pool.ts'
import { Primary } from './primary.ts'
import { Session } from './session.ts'
import { commitSteps, runExclusively, runTransaction } from './transaction.ts'

/** Connections per replica: for reading, for writing, and one that listens. */
const READING = 10
const WRITING = 10
/** Of the advisory lock under which migrations run: "remit" in ASCII. */
const MIGRATION_LOCK = 0x72656d6974

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with TLS as `?sslmode=verify-full`. */
  url: string
}

/**
 * Many replicas on one PostgreSQL. Reads and writes both go to the primary; a standby is never asked.
 *
 * @throws Problem `storage.unavailable` when it cannot be reached or is not the primary
 */
export async function openPostgres({ url }: PostgresOptions): Promise<Storage> {
  const primary = new Primary()
  const reading = openPool({ url, size: READING, primary })
  const writing = openPool({ url, size: WRITING, primary })
  const hints = new Hints()
  const listener = new Listener(url, hints)
  const borrowFrom = (pool: typeof reading) => async () => new Session(await connect(pool, primary))
  const borrow = borrowFrom(writing)
  const read = new Kysely<Schema>({
    dialect: dialectOver(
      'postgres',
      forReading(borrowFrom(reading), async (session) => {
        if (session instanceof Session) session.release()
      }),
    ),
  })
  let closed: Promise<unknown> | undefined
  const storage: Storage = {
    engine: 'postgres',
    read,
    transaction: (work) => runTransaction(borrow, work),
    exclusively: async (work) => {
      const patient = openPool({ url, size: 1, primary, limits: false })
      const session = await borrowFrom(patient)()
      try {
        return await runExclusively(session, MIGRATION_LOCK, work)
      } finally {
        session.release()
        await patient.end()
      }
    },
    commit: (steps) => commitSteps(borrow, steps),
    now: () => databaseTime(read),
    notify: (channel) => listener.notify(channel),
    onNotify: (channel, heard) => hints.on(channel, heard),
    warnings: () => primary.warnings,
    close: async () => {
      closed ??= Promise.all([listener.stop(), reading.end(), writing.end()])
      await closed
    },
  }
  try {
    ;(await borrow()).release()
    await listener.start()
    return storage
  } catch (error) {
    await storage.close()
    throw translated(error)
  }
}

async function databaseTime(read: Storage['read']): Promise<number> {
  const { rows } = await sql<{ now: number }>`
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`.execute(read)
  return rows[0]?.now ?? Number.NaN
}
