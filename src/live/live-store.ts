import { sql } from 'kysely'
import type { Reader, Step, Storage, Tx } from '../storage/index.ts'
import { keyText, type LiveKey, type LiveKind, type LiveState } from './live-state.ts'

/** Keys in one statement. */
const CHUNK = 200

/** Orders the transactions that raise; any number that nothing else in this database locks. */
const RAISE_LOCK = 7_480_001

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

/** The first row of a key. Where there is one already it stays: what has ended does not begin again. */
export function beginStep(reader: Reader, key: LiveKey, state: LiveState['state']): Step {
  const query = reader
    .insertInto('live_epochs')
    .values({ kind: key.kind, id: key.id, epoch: 1, state })
    .onConflict((conflict) => conflict.columns(['kind', 'id']).doNothing())
  return { name: `live ${key.kind}`, query, rows: 'any' }
}

/**
 * INVARIANT: changes become visible in the order of their numbers. Replicas acknowledge "everything up to n"; without
 * the lock a smaller number could be committed after a greater one was acknowledged, and would never be read.
 * SQLite has one writer and needs none.
 */
export async function orderRaises(tx: Tx, engine: Storage['engine']): Promise<void> {
  if (engine === 'postgres') await sql`SELECT pg_advisory_xact_lock(${RAISE_LOCK})`.execute(tx)
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

/** Writes down what replicas must drop. Answers the number of the last. */
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
export async function leasedReplicas(
  reader: Reader,
  now: number,
): Promise<readonly { id: string; acknowledged: number }[]> {
  return reader
    .selectFrom('live_replicas')
    .select(['id', 'acknowledged'])
    .where('lease_until', '>', now)
    .orderBy('id')
    .execute()
}

/** Forgets changes older than `before` that every replica with a lease has dropped, and replicas gone since then. */
export async function trimChanges(tx: Tx, now: number, before: number): Promise<void> {
  await tx.deleteFrom('live_replicas').where('lease_until', '<', before).execute()
  await tx
    .deleteFrom('live_changes')
    .where('at', '<', before)
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

/** One order for everyone, so that two transactions that raise the same keys do not wait for each other. */
function sorted(keys: readonly LiveKey[]): readonly LiveKey[] {
  return keys.toSorted((a, b) => (keyText(a) < keyText(b) ? -1 : 1))
}

function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = []
  for (let i = 0; i < items.length; i += CHUNK) chunks.push(items.slice(i, i + CHUNK))
  return chunks
}
