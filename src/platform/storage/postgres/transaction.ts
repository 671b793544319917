import { Kysely } from 'kysely'
import { Problem } from '../../lib/problem.ts'
import { type Connections, dialectOver } from '../dialect.ts'
import { unavailable } from '../failure.ts'
import type { Schema } from '../schema.ts'
import { type CommitResult, committedUnless, type Step, type Tx } from '../storage.ts'
import type { Attempts } from './attempts.ts'
import { isDuplicateKey, isLocked, translated } from './failure.ts'
import type { BorrowedConnection } from './session.ts'

/**
 * Runs `work` in a serialisable transaction, again when it lost against another one.
 *
 * Why serialisable: business code reads, decides and writes, and must be right on SQLite, where transactions run one
 * after another, and here alike. `commitSteps` is the other half of the reasoning.
 */
export function runTransaction<T>(
  attempts: Attempts,
  work: (tx: Tx) => Promise<T>,
  isolation: 'SERIALIZABLE' | 'READ COMMITTED' = 'SERIALIZABLE',
): Promise<T> {
  return attempts.run((session) => {
    const begin = `BEGIN ISOLATION LEVEL ${isolation} READ WRITE`
    const connections = transactionOver(session, begin)
    return new Kysely<Schema>({ dialect: dialectOver('postgres', connections) })
      .transaction()
      .execute(work)
  })
}

/**
 * Runs `work` alone among all replicas, and gives the session back. Read committed, so that what others did before the lock was had is seen.
 */
export async function runExclusively<T>(
  session: BorrowedConnection,
  lock: number,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(${lock})`
  const dialect = dialectOver('postgres', transactionOver(session, begin))
  try {
    return await new Kysely<Schema>({ dialect }).transaction().execute(work)
  } finally {
    session.release()
  }
}

/**
 * Commits all steps or none in two round trips: everything up to the last step is sent at once,
 * then COMMIT or ROLLBACK.
 *
 * Why read committed is enough: a step decides by its own guard, and the guard is one statement
 * about single rows, which PostgreSQL evaluates on the newest committed version under the row's
 * lock (manual 13.2.1), or a unique key. Two commits can then not both win one row, and neither
 * fails because of rows it does not touch.
 */
export async function commitSteps(
  attempts: Attempts,
  steps: readonly Step[],
  lineage: () => string | undefined,
  lockWithin?: number,
): Promise<CommitResult> {
  const begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE${
    lockWithin === undefined ? '' : `; SET LOCAL lock_timeout = ${Math.ceil(lockWithin)}`
  }`
  const before = lineage()
  const compiled = steps.map(({ query }) => query.compile())
  const failed = await attempts.run(async (session) => {
    // INVARIANT: a commit prepared before a failover is not done after it: the rows that it was prepared from may be gone.
    if (lineage() !== before) throw unavailable('the database failed over meanwhile')
    const sent = session.together(() => [
      session.query(begin),
      ...compiled.map(({ parameters, preparedAs, sql }) =>
        session.query(sql, parameters, preparedAs),
      ),
    ])
    const [beginning, ...results] = await Promise.allSettled(sent)
    const failed = results.findIndex((result, i) => !holds(result, steps[i]?.rows))
    if (failed < 0) {
      await session.commit()
      return undefined
    }
    await session.rollback()
    const result = results[failed]
    if (beginning?.status === 'rejected') throw translated(beginning.reason)
    if (lockWithin !== undefined && result?.status === 'rejected' && isLocked(result.reason))
      throw new Problem('server.busy', 'another transaction holds a row; nothing was done')
    if (result?.status === 'rejected' && !isDuplicateKey(result.reason))
      throw translated(result.reason)
    return steps[failed]
  })
  return committedUnless(failed)
}

function holds(
  result: PromiseSettledResult<{ rowCount: number | null }>,
  rows: Step['rows'] | undefined,
): boolean {
  return result.status === 'fulfilled' && (rows === 'any' || rows === (result.value.rowCount ?? 0))
}

/** The one connection of one transaction. Its first statement travels together with BEGIN. */
function transactionOver(session: BorrowedConnection, begin: string): Connections {
  return {
    acquireConnection: async () => session,
    releaseConnection: async () => {},
    beginTransaction: async () => {
      // Not awaited: when it fails, so does whatever follows it.
      session.query(begin).catch(() => {})
    },
    commitTransaction: () => session.commit(),
    rollbackTransaction: () => session.rollback(),
  }
}
