import { keptQuery, type Reader, type Storage } from '../../platform/storage/index.ts'
import { isLogLevel, type LogLevel } from './log-level.ts'

/** Log messages of servers that a session wants to hear of. */
interface SessionLogging {
  /** Least level. */
  readonly level: LogLevel
  /** Policies left something out of a call: nothing is told on the stream of the session. */
  readonly quiet: boolean
}

/** Finds what a session wants, whichever replica was told. `undefined`: nothing. */
export async function findLogging(
  db: Reader,
  session: string,
): Promise<SessionLogging | undefined> {
  const query = keptQuery(db, 'logging of a session', [session], () =>
    db.selectFrom('mcp_logging').select(['level', 'quiet']).where('session', '=', session),
  )
  const { rows } = await db.executeQuery(query.compile())
  const [row] = rows as readonly { readonly level: string; readonly quiet: number }[] // as: what it selects
  return row && isLogLevel(row.level) ? { level: row.level, quiet: row.quiet === 1 } : undefined
}

/** Keeps the least level that a session wants, until its task ends (epoch milliseconds). */
export async function setLogging(
  storage: Storage,
  { expiresAt, level, session }: { session: string; level: LogLevel; expiresAt: number },
): Promise<void> {
  // A client that says the same again costs nothing.
  if ((await findLogging(storage.read, session))?.level === level) return
  await storage.transaction((tx) =>
    tx
      .insertInto('mcp_logging')
      .values({ session, level, quiet: 0, expires_at: expiresAt })
      .onConflict((conflict) => conflict.column('session').doUpdateSet({ level }))
      .execute(),
  )
}

/** Ends log messages on the stream of a session, for good. */
export async function quietLogging(storage: Storage, session: string): Promise<void> {
  await storage.transaction((tx) =>
    tx.updateTable('mcp_logging').set({ quiet: 1 }).where('session', '=', session).execute(),
  )
}

/** Deletes the log levels of tasks that are past their deadline. */
export async function forgetLogging(storage: Storage, now: number): Promise<void> {
  await storage.transaction((tx) =>
    tx.deleteFrom('mcp_logging').where('expires_at', '<', now).execute(),
  )
}
