import type { Reader, Tx } from '../../platform/storage/index.ts'
import type { HoldOnTree, Holds, LegalHold } from './hold.ts'
import { RETENTION_TABLES } from './tables.ts'

const HOLDS = RETENTION_TABLES.codec('legal_holds').of<LegalHold>()

/** Makes the row that every deletion names. Once, at the start. */
export async function beginRetention(tx: Tx): Promise<void> {
  await RETENTION_TABLES.in(tx)
    .insertInto('retention_state')
    .values({ id: 1, holds: 0, sweeps: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/** Reads the holds that stand. The number comes first: a hold that is set meanwhile fails the deletion. */
export async function readHolds(db: Reader): Promise<Holds> {
  const state = await RETENTION_TABLES.in(db)
    .selectFrom('retention_state')
    .select('holds')
    .executeTakeFirstOrThrow()
  const holds = await listHolds(db, { standing: true })
  return { version: state.holds, standing: await Promise.all(holds.map((h) => withTree(db, h))) }
}

async function withTree(db: Reader, hold: LegalHold): Promise<HoldOnTree> {
  const { taskId } = hold
  if (taskId === null) return { ...hold, tree: [] }
  const rows = await db
    .selectFrom('tasks')
    .select('id')
    .where('root_id', 'in', (task) =>
      task.selectFrom('tasks').select('root_id').where('id', '=', taskId),
    )
    .execute()
  return { ...hold, tree: [taskId, ...rows.map(({ id }) => id)] }
}

export async function listHolds(
  db: Reader,
  { standing }: { readonly standing: boolean },
): Promise<LegalHold[]> {
  let query = RETENTION_TABLES.in(db).selectFrom('legal_holds').select(HOLDS.columns)
  if (standing) query = query.where('lifted_at', 'is', null)
  return (await query.orderBy('set_at').orderBy('id').execute()).map(HOLDS.read)
}

export async function findHold(db: Reader, id: string): Promise<LegalHold | undefined> {
  const row = await RETENTION_TABLES.in(db)
    .selectFrom('legal_holds')
    .select(HOLDS.columns)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && HOLDS.read(row)
}

/**
 * Changes the holds.
 * INVARIANT: every change counts up, so that a deletion by earlier holds fails, and setting a hold
 * waits for a deletion that is being committed.
 */
export async function countChange(tx: Tx): Promise<void> {
  await RETENTION_TABLES.in(tx)
    .updateTable('retention_state')
    .set((eb) => ({ holds: eb('holds', '+', 1) }))
    .where('id', '=', 1)
    .execute()
}

/** Keeps the holds as they are until the transaction ends. */
export async function lockHolds(tx: Tx): Promise<void> {
  await RETENTION_TABLES.in(tx)
    .updateTable('retention_state')
    .set((eb) => ({ sweeps: eb('sweeps', '+', 1) }))
    .where('id', '=', 1)
    .execute()
}

/** Tells, in the transaction that deletes, whether the holds are still those that were read. */
export async function holdsAreAsRead(tx: Tx, { version }: Holds): Promise<boolean> {
  const { numUpdatedRows } = await RETENTION_TABLES.in(tx)
    .updateTable('retention_state')
    .set((eb) => ({ sweeps: eb('sweeps', '+', 1) }))
    .where('id', '=', 1)
    .where('holds', '=', version)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function insertHold(tx: Tx, hold: LegalHold): Promise<void> {
  await RETENTION_TABLES.in(tx).insertInto('legal_holds').values(HOLDS.write(hold)).execute()
}

/** False: it does not stand. */
export async function markLifted(
  tx: Tx,
  { at, by, id }: { readonly id: string; readonly by: string; readonly at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await RETENTION_TABLES.in(tx)
    .updateTable('legal_holds')
    .set({ lifted_by: by, lifted_at: at })
    .where('id', '=', id)
    .where('lifted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
