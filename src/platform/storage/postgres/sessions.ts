import { Problem } from '../../lib/problem.ts'

/** Query on one connection, as `pg` takes it. */
interface Connection {
  query(sql: string): Promise<{ readonly rows: readonly unknown[] }>
}

const ROUNDS = 3

/**
 * Tells whether two open connections are served by one process of PostgreSQL. A pooler in
 * transaction or statement mode gives the process that was free last; otherwise each has its own.
 */
export async function shareProcess(one: Connection, other: Connection): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round++)
    if ((await processOf(one)) === (await processOf(other))) return true
  return false
}

/** INVARIANT: no store is opened over connections that lose their settings between two statements. */
export async function requireSessions(one: Connection, other: Connection): Promise<void> {
  if (await shareProcess(one, other))
    throw new Problem(
      'storage.cannot_open',
      'DATABASE_URL leads to a connection pooler in transaction or statement mode, which loses settings and notifications: use session mode, or connect to PostgreSQL itself',
    )
}

async function processOf(asked: Connection): Promise<number> {
  const { rows } = await asked.query('SELECT pg_backend_pid() AS pid')
  const [row] = rows as readonly { pid: number }[] // as: the statement selects it
  return row?.pid ?? Number.NaN
}
