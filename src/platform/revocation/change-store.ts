import type { Tx } from '../storage/index.ts'
import { chunksOf, toState } from './epoch-store.ts'
import type { LiveState } from './live-state.ts'

export interface NumberedChange extends LiveState {
  readonly seq: number
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
