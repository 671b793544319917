import { sql } from 'kysely'
import {
  Guard,
  keptQuery,
  type Reader,
  requireSupported,
  type Step,
  type Storage,
  type Tx,
} from '../storage/index.ts'
import { LEASE_MS } from './lease.ts'

/**
 * Reads a server's own row and database time in one moment. `leaseUntil`: absent where there is no
 * row.
 */
export async function ownLease(
  tx: Tx,
  id: string,
  time: Storage['time'],
): Promise<{ readonly leaseUntil: number | undefined; readonly now: number }> {
  const row = await tx
    .selectNoFrom((eb) => [
      eb.selectFrom('live_replicas').select('lease_until').where('id', '=', id).as('lease_until'),
      time().as('now'),
    ])
    .executeTakeFirstOrThrow()
  return { leaseUntil: row.lease_until ?? undefined, now: row.now }
}

/**
 * Checks the lease of a server, as the database sees it when the statement runs: a step of
 * everything that gives authority.
 * INVARIANT: a server that slept learns here, from the one clock that everybody shares, that it may
 * give nothing.
 */
export function leaseStep({ lanes, nowAtHand, time }: LeaseParts, id: string): Step {
  const { read } = lanes.renewal
  const at = nowAtHand?.()
  const [name, parameters] =
    at === undefined
      ? ['lease in force', [id]]
      : ['lease in force at', [id, at, at + MAX_LEASE_AHEAD_MS]]
  const build = () => leaseQuery(read, { id, time, at })
  return { guard: LEASE_GUARD, query: keptQuery(read, name, parameters, build), rows: 1 }
}

/** Checks the lease of a server by a read alone. */
export async function hasLease(
  { nowAtHand, read, time }: Pick<Storage, 'read' | 'nowAtHand' | 'time'>,
  id: string,
): Promise<boolean> {
  const row = await leaseQuery(read, { id, time, at: nowAtHand?.() }).executeTakeFirst()
  return row !== undefined
}

type LeaseParts = Pick<Storage, 'lanes' | 'nowAtHand' | 'time'>

function leaseQuery(
  db: Reader,
  { at, id, time }: { id: string; time: Storage['time']; at: number | undefined },
) {
  const latest =
    at === undefined
      ? sql<number>`${time()} + ${sql.lit(MAX_LEASE_AHEAD_MS)}`
      : at + MAX_LEASE_AHEAD_MS
  return (
    db
      .selectFrom('live_replicas')
      .select('id')
      .where('id', '=', id)
      .where('lease_until', '>', at ?? time())
      // A row from a time when the database's clock was ahead is no lease of now.
      .where('lease_until', '<=', latest)
  )
}

export const LEASE_GUARD = new Guard('own lease')

/** Maximum that a lease can reach into the future, by a clock that was not set back since. */
export const MAX_LEASE_AHEAD_MS = LEASE_MS + 1_000

/** @throws Problem `storage.newer` */
export async function takeLease(
  tx: Tx,
  replica: {
    id: string
    leaseUntil: number
    acknowledged: number
    startedAt: number
    /** Number of the schema that its build knows. */
    schema: number
  },
): Promise<void> {
  await tx
    .insertInto('live_replicas')
    .values({
      id: replica.id,
      lease_until: replica.leaseUntil,
      acknowledged: replica.acknowledged,
      started_at: replica.startedAt,
      schema: replica.schema,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        lease_until: eb.ref('excluded.lease_until'),
        acknowledged: eb.ref('excluded.acknowledged'),
      })),
    )
    .execute()
  // INVARIANT: after the write, which waits for a migration that is under way: what it has done is seen here.
  await requireSupported(tx, replica.schema)
}

export async function removeReplica(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('live_replicas').where('id', '=', id).execute()
}

/** Replicas whose lease has not run out at `now` (database time). */
export async function leasedReplicas(reader: Reader, now: number): Promise<readonly ReplicaRow[]> {
  const rows = await reader
    .selectFrom('live_replicas')
    .select(['id', 'acknowledged', 'lease_until'])
    .where('lease_until', '>', now)
    .orderBy('id')
    .execute()
  return rows.map(({ id, acknowledged, lease_until }) => ({
    ...{ id, acknowledged },
    leaseUntil: lease_until,
  }))
}

export interface ReplicaRow {
  readonly id: string
  readonly acknowledged: number
  readonly leaseUntil: number
}

/** Writes down the time, for the server that starts next. */
export async function recordTime(tx: Tx, now: number): Promise<void> {
  await tx
    .insertInto('recorded_time')
    .values({ id: 1, newest: now })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ newest: now }).where('recorded_time.newest', '<', now),
    )
    .execute()
}

/**
 * Sets recorded time to now, forward or back. INVARIANT: back only where all that was used up by it
 * ends, too: it could be used again.
 */
export async function setRecordedTime(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('recorded_time').execute()
  await recordTime(tx, now)
}

/**
 * Reads the newest time that is known from before: the one that was written down, or the one that a
 * killed server left in its row.
 */
export async function recordedTime(reader: Reader): Promise<number | undefined> {
  const [written, left] = await Promise.all([
    reader.selectFrom('recorded_time').select('newest').executeTakeFirst(),
    reader
      .selectFrom('live_replicas')
      .select((eb) => eb.fn.max('lease_until').as('until'))
      .executeTakeFirst(),
  ])
  const times = [written?.newest, left?.until == null ? undefined : left.until - LEASE_MS]
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
