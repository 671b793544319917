import { sql } from 'kysely'
import {
  Guard,
  keptQuery,
  type Reader,
  type Step,
  type Storage,
  type Tx,
} from '../storage/index.ts'
import { LEASE_MS } from './lease.ts'
import { keyText, type LiveKey, type LiveKind, type LiveState } from './live-state.ts'

/** Number of keys in one statement. */
const CHUNK = 200

/**
 * Lock that orders the transactions that raise; any number that nothing else in this database
 * locks.
 */
const RAISE_LOCK = 7_480_001
/** Maximum time that a transaction that holds the lock may be silent, in milliseconds. */
const MAX_RAISE_PAUSE_MS = '2000'

export interface NumberedChange extends LiveState {
  readonly seq: number
}

interface EpochRow {
  kind: string
  id: string
  epoch: number
  state: string
}

export async function readEpochs(
  reader: Reader,
  keys: readonly LiveKey[],
): Promise<readonly LiveState[]> {
  const states: LiveState[] = []
  for (const chunk of chunksOf(keys)) {
    const rows = await reader
      .selectFrom('live_epochs')
      .select(['kind', 'id', 'epoch', 'state'])
      .where((eb) => eb.or(chunk.map(({ kind, id }) => eb.and({ kind, id }))))
      .execute()
    states.push(...rows.map(toState))
  }
  return states
}

/** Inserts the first row of a key. A row that exists stays: what has ended does not begin again. */
export function beginStep(reader: Reader, key: LiveKey, state: LiveState['state']): Step {
  const query = reader
    .insertInto('live_epochs')
    .values({ kind: key.kind, id: key.id, epoch: 1, state })
    .onConflict((conflict) => conflict.columns(['kind', 'id']).doNothing())
  return { name: `live ${key.kind}`, query, rows: 'any' }
}

/**
 * Puts raises in order.
 * INVARIANT: changes become visible in the order of their numbers. Replicas acknowledge "everything
 * up to n"; without the lock a smaller number could be committed after a greater one was
 * acknowledged, and would never be read. SQLite has one writer and needs none.
 */
export async function orderRaises(tx: Tx, engine: Storage['engine']): Promise<void> {
  // INVARIANT: a server that stalls with the lock is let go of by the database, or nothing could be revoked anywhere.
  if (engine === 'postgres')
    await sql`SELECT set_config('idle_in_transaction_session_timeout', ${MAX_RAISE_PAUSE_MS}, true),
      pg_advisory_xact_lock(${RAISE_LOCK})`.execute(tx)
}

/** Raises the epoch of every key; with `state` also changes the state, but never that of an ended one. */
export async function raiseEpochs(
  tx: Tx,
  keys: readonly LiveKey[],
  state: LiveState['state'] | undefined,
): Promise<readonly LiveState[]> {
  const raised: LiveState[] = []
  for (const chunk of chunksOf(sorted(keys))) {
    const rows = await tx
      .insertInto('live_epochs')
      .values(chunk.map(({ kind, id }) => ({ kind, id, epoch: 1, state: state ?? 'ended' })))
      .onConflict((conflict) =>
        conflict.columns(['kind', 'id']).doUpdateSet((eb) => ({
          epoch: sql<number>`live_epochs.epoch + 1`,
          state: state
            ? eb
                .case()
                .when('live_epochs.state', '=', 'ended')
                .then('ended')
                .else(eb.ref('excluded.state'))
                .end()
            : eb.ref('live_epochs.state'),
        })),
      )
      .returning(['kind', 'id', 'epoch', 'state'])
      .execute()
    raised.push(...rows.map(toState))
  }
  return raised
}

/** Writes down the changes that replicas must drop. Returns the number of the last. */
export async function recordChanges(
  tx: Tx,
  states: readonly LiveState[],
  at: number,
): Promise<number> {
  let through = 0
  for (const chunk of chunksOf(states)) {
    const rows = await tx
      .insertInto('live_changes')
      .values(chunk.map(({ kind, id, epoch, state }) => ({ kind, id, epoch, state, at })))
      .returning('seq')
      .execute()
    through = Math.max(through, ...rows.map(({ seq }) => seq))
  }
  return through
}

export async function changesAfter(tx: Tx, seq: number): Promise<readonly NumberedChange[]> {
  const rows = await tx
    .selectFrom('live_changes')
    .select(['seq', 'kind', 'id', 'epoch', 'state'])
    .where('seq', '>', seq)
    .orderBy('seq')
    .execute()
  return rows.map((row) => ({ ...toState(row), seq: row.seq }))
}

export async function lastChange(tx: Tx): Promise<number> {
  const row = await tx
    .selectFrom('live_changes')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst()
  return row?.seq ?? 0
}

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

export async function takeLease(
  tx: Tx,
  replica: { id: string; leaseUntil: number; acknowledged: number; startedAt: number },
): Promise<void> {
  await tx
    .insertInto('live_replicas')
    .values({
      id: replica.id,
      lease_until: replica.leaseUntil,
      acknowledged: replica.acknowledged,
      started_at: replica.startedAt,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        lease_until: eb.ref('excluded.lease_until'),
        acknowledged: eb.ref('excluded.acknowledged'),
      })),
    )
    .execute()
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

/** Forgets changes older than `before` that every replica with a lease has dropped, and replicas gone since then. */
export async function trimChanges(tx: Tx, now: number, before: number): Promise<void> {
  await tx.deleteFrom('live_replicas').where('lease_until', '<', before).execute()
  await tx
    .deleteFrom('live_changes')
    .where('at', '<', before)
    // INVARIANT: the newest one stays, so that a smaller number than before always means that the store went back.
    .where('seq', '<', (eb) =>
      eb.selectFrom('live_changes as all').select((inner) => inner.fn.max('all.seq').as('newest')),
    )
    .where((eb) =>
      eb(
        'seq',
        '<=',
        eb
          .selectFrom('live_replicas')
          .select((inner) => inner.fn.min('acknowledged').as('acknowledged'))
          .where('lease_until', '>', now),
      ),
    )
    .execute()
}

function toState(row: EpochRow): LiveState {
  return Object.freeze({
    kind: row.kind as LiveKind, // as: only this room writes the column
    id: row.id,
    epoch: row.epoch,
    state: row.state as LiveState['state'], // as: the column is checked by the database
  })
}

/**
 * Sorts keys in one order for everyone, so that two transactions that raise the same keys do not
 * wait for each other.
 */
function sorted(keys: readonly LiveKey[]): readonly LiveKey[] {
  return keys.toSorted((a, b) => (keyText(a) < keyText(b) ? -1 : 1))
}

function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = []
  for (let i = 0; i < items.length; i += CHUNK) chunks.push(items.slice(i, i + CHUNK))
  return chunks
}
