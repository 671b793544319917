import { sql } from 'kysely'
import type { Reader, Step, Storage, Tx } from '../storage/index.ts'
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

export function toState(row: EpochRow): LiveState {
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

export function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = []
  for (let i = 0; i < items.length; i += CHUNK) chunks.push(items.slice(i, i + CHUNK))
  return chunks
}
