import { sql } from 'kysely'
import { keptQuery, type Step, type Storage, type Tx } from '../../platform/storage/index.ts'
import { listAllDecisions } from './decision-lists.ts'
import type { DecisionState } from './decision-store.ts'

/** State, status and time with which a call ends. */
export interface DecisionEnding<S extends DecisionState> {
  readonly state: S
  /** HTTP status that the upstream answered. */
  readonly status?: number | null | undefined
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * The outcome of a call that was being sent.
 * INVARIANT: it is said once; what has been found indeterminate is only ever corrected, once (`correctQuery`).
 */
export function endQuery(
  { engine, read: db }: Pick<Storage, 'engine' | 'read'>,
  id: string,
  ending: DecisionEnding<Exclude<DecisionState, 'decided' | 'sending'>>,
): Step['query'] {
  const { at, state, status = null } = ending
  if (engine === 'postgres')
    return keptQuery(db, 'decision ends', [id, state, status, at], () => ({
      // Endings at the same time: the second waits for the row that the first deletes, and finds none.
      compile: () =>
        sql`WITH sent AS (DELETE FROM decisions_open WHERE decision_id = ${id} RETURNING decision_id)
          INSERT INTO decision_endings (decision_id, state, status, ended_at)
          SELECT decision_id, ${state}, ${status}::bigint, ${at}::bigint FROM sent`.compile(db),
    }))
  return keptQuery(db, 'decision ends', [state, status, at, id, 'sending'], () =>
    db
      .updateTable('decisions')
      .set({ state, status, ended_at: at })
      .where('id', '=', id)
      .where('state', '=', 'sending'),
  )
}

/** A true outcome instead of a presumed one. */
export function correctQuery(
  { engine, read: db }: Pick<Storage, 'engine' | 'read'>,
  id: string,
  { at, state, status = null }: DecisionEnding<'answered' | 'failed' | 'not_sent'>,
): Step['query'] {
  const corrected = { state, status, ended_at: at }
  if (engine === 'postgres')
    return db
      .updateTable('decision_endings')
      .set((eb) => ({ ...corrected, presumed_at: eb.ref('ended_at') }))
      .where('decision_id', '=', id)
      .where('state', '=', 'indeterminate')
      .where('presumed_at', 'is', null)
  return db
    .updateTable('decisions')
    .set((eb) => ({ ...corrected, presumed_at: eb.ref('ended_at') }))
    .where('id', '=', id)
    .where('state', '=', 'indeterminate')
    .where('presumed_at', 'is', null)
}

/** Fills the tables that are derived from decisions, in a database that was loaded. */
export async function fillDerived(tx: Tx, engine: Storage['engine']): Promise<void> {
  await fillEndings(tx, engine)
  await listAllDecisions(tx, engine)
}

/** Lets decisions be corrected: a backup has their endings in their own rows. */
async function fillEndings(tx: Tx, engine: Storage['engine']): Promise<void> {
  if (engine !== 'postgres') return
  const presumed = tx
    .selectFrom('decisions')
    .select(({ fn }) => ['id', 'state', 'status', fn.coalesce('ended_at', 'at').as('ended_at')])
    .where('state', '=', 'indeterminate')
    .where('presumed_at', 'is', null)
  await tx
    .insertInto('decision_endings')
    .columns(['decision_id', 'state', 'status', 'ended_at'])
    .expression(presumed)
    .execute()
}

/** Deletes the endings of decisions that are deleted. */
export async function deleteEndings(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.deleteFrom('decision_endings').where('decision_id', 'in', ids).execute()
}
