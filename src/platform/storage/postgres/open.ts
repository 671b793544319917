import { Kysely, sql } from 'kysely'
import { dialectOver, forReading } from '../dialect.ts'
import { Hints } from '../hints.ts'
import type { Schema } from '../schema.ts'
import type { EngineStorage, Lane, Storage } from '../storage.ts'
import { Attempts } from './attempts.ts'
import {
  type ConnectionOptions,
  RENEWAL_LIMITS,
  REVOCATION_LIMITS,
  TRANSACTION_LIMIT,
} from './client.ts'
import { openingFailure } from './failure.ts'
import { Listener } from './listener.ts'
import { SessionPool } from './pool.ts'
import { Primary, type PrimaryOptions } from './primary.ts'
import { BorrowedConnection } from './session.ts'
import { requireSessions } from './sessions.ts'
import { SharedCommits } from './shared-commits.ts'
import { commitSteps, runExclusively, runTransaction } from './transaction.ts'

/** Connections of a server: for reading, for writing, for renewals, for revocations (reading and writing), and one that listens. */
const READING = 10
export const WRITING = 10
const RENEWING = 2
const REVOKING = 3
/** Factor of the time in which a migration is tried again. */
const LONG_WAIT = 6
/** Key of the advisory lock under which migrations run: "remit" in ASCII. */
const MIGRATION_LOCK = 0x72656d6974

export interface PostgresOptions extends PrimaryOptions {
  /** `postgres://user:password@host:port/database`, with TLS as `?sslmode=verify-full`. */
  url: string
  /** Maximum time that an interactive transaction may wait for its caller, in ms. */
  transactionLimit?: number | undefined
  connections?: ConnectionOptions | undefined
}

/**
 * Many replicas on one PostgreSQL. Reads and writes both go to the primary; a standby is never asked.
 *
 * @throws Problem `storage.unavailable` when it cannot be reached or is not the primary
 */
export async function openPostgres(options: PostgresOptions): Promise<EngineStorage> {
  const { url, transactionLimit: limit = TRANSACTION_LIMIT, connections = {} } = options
  const { waitFactor = 1 } = connections
  const primary = new Primary(options)
  const limits = { idle: limit }
  const server = { url, primary, connections }
  const reading = new SessionPool({ ...server, size: READING, limits })
  const writing = new SessionPool({ ...server, size: WRITING, limits })
  const renewing = new SessionPool({ ...server, size: RENEWING, limits: RENEWAL_LIMITS })
  const revocation = { ...server, size: REVOKING, limits: REVOCATION_LIMITS, retriesLocks: true }
  const looking = new SessionPool(revocation)
  const revoking = new SessionPool(revocation)
  const pools = [reading, writing, renewing, looking, revoking]
  const hints = new Hints()
  const listener = new Listener(url, hints, connections)
  const attempts = new Attempts(() => writing.borrow(), waitFactor)
  const read = readerOver(reading)
  const commit: Storage['commit'] = (steps, { lockWithin } = {}) =>
    commitSteps(
      attempts,
      steps,
      () => primary.lineage,
      lockWithin === undefined ? undefined : lockWithin * waitFactor,
    )
  const behind = new SharedCommits(commit)
  let closed: Promise<unknown> | undefined
  const storage: EngineStorage = {
    engine: 'postgres',
    shared: true,
    read,
    transaction: (work) => runTransaction(attempts, work),
    exclusively: async (work) => {
      const patient = new SessionPool({ url, size: 1, primary, limits: 'none' })
      try {
        // Beside servers that work it may lose a lock to them: nothing happened then.
        return await new Attempts(() => patient.borrow(), LONG_WAIT).run((session) =>
          runExclusively(session, MIGRATION_LOCK, work),
        )
      } finally {
        await patient.close()
      }
    },
    commit: (steps, how = {}) => (how.isBehind ? behind.commit(steps) : commit(steps, how)),
    now: () => databaseTime(read),
    time: databaseTimeNow,
    lanes: {
      renewal: laneOver({
        ...{ reading: renewing, writing: renewing, isolation: 'READ COMMITTED', waitFactor },
      }),
      revocation: laneOver({
        ...{ reading: looking, writing: revoking, isolation: 'SERIALIZABLE', waitFactor },
      }),
    },
    notify: (channel) => listener.notify(channel),
    onNotify: (channel, heard) => hints.on(channel, heard),
    lineage: () => primary.lineage,
    warnings: () => primary.warnings,
    load: () => {
      const of = Object.entries({ reading, writing, renewing, looking, revoking })
      const each = of.map(([name, pool]) => ({ name, ...pool.load }))
      const busy = each.filter(({ name }) => name === 'writing' || name === 'revoking')
      return {
        writes: busy.reduce((sum, { used, waiting }) => sum + used + waiting, 0),
        pools: each,
      }
    },
    close: async () => {
      closed ??= behind
        .flush()
        .then(() => Promise.all([listener.stop(), ...pools.map((pool) => pool.close())]))
      await closed
    },
  }
  try {
    const both = [await writing.borrow(), await reading.borrow()] as const
    try {
      await requireSessions(...both)
    } finally {
      for (const session of both) session.release()
    }
    await listener.start()
    return storage
  } catch (error) {
    await storage.close()
    throw openingFailure(error, url)
  }
}

/** Reads go over one pool and transactions over another, each with attempts of its own. */
function laneOver(pools: {
  reading: SessionPool
  writing: SessionPool
  isolation: 'SERIALIZABLE' | 'READ COMMITTED'
  waitFactor: number
}): Lane {
  const read = readerOver(pools.reading)
  const attempts = new Attempts(() => pools.writing.borrow(), pools.waitFactor)
  return {
    read,
    transaction: (work) => runTransaction(attempts, work, pools.isolation),
    now: () => databaseTime(read),
  }
}

function readerOver(pool: SessionPool): Storage['read'] {
  const release = async (session: unknown) => {
    if (session instanceof BorrowedConnection) session.release()
  }
  const connections = forReading(() => pool.borrow(), release)
  return new Kysely<Schema>({ dialect: dialectOver('postgres', connections) })
}

function databaseTimeNow() {
  return sql<number>`floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint`
}

async function databaseTime(read: Storage['read']): Promise<number> {
  const { rows } = await sql<{ now: number }>`SELECT ${databaseTimeNow()} AS now`.execute(read)
  return rows[0]?.now ?? Number.NaN
}
