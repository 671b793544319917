import type { Reader, Tx } from '../../../platform/storage/index.ts'

/** An answer as it is stored. */
export interface KeptRow {
  readonly decisionId: string
  readonly sealed: Uint8Array
  readonly expiresAt: number
}

/** The first answer of a decision stands. */
export function insertKeptQuery(db: Reader, { decisionId, expiresAt, sealed }: KeptRow) {
  return db
    .insertInto('kept_results')
    .values({ decision_id: decisionId, sealed, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('decision_id').doNothing())
}

export async function findKept(
  db: Reader,
  decisionId: string,
  now: number,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('kept_results')
    .select('sealed')
    .where('decision_id', '=', decisionId)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row?.sealed
}

/** Tasks that something is kept of. */
export async function tasksWithKept(db: Reader): Promise<string[]> {
  const rows = await db
    .selectFrom('kept_results')
    .innerJoin('decisions', 'decisions.id', 'kept_results.decision_id')
    .select('decisions.task_id')
    .distinct()
    .execute()
  return rows.flatMap(({ task_id }) => (task_id === null ? [] : [task_id]))
}

/** Erases results that are past their time, and all of these tasks. Answers how many. */
export async function eraseKept(
  tx: Tx,
  { now, taskIds }: { readonly now: number; readonly taskIds: readonly string[] },
): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('kept_results')
    .where((where) => {
      const past = where('expires_at', '<=', now)
      if (taskIds.length === 0) return past
      const theirs = where
        .selectFrom('decisions')
        .select('task_id')
        .whereRef('decisions.id', '=', 'kept_results.decision_id')
      return where.or([past, where(theirs, 'in', taskIds)])
    })
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
