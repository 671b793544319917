import type { Id } from '../../platform/lib/id.ts'
import { Guard, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'

/** Fails where another request opened the task of this token meanwhile. */
export const FOREIGN_GUARD = new Guard('task of the foreign token')

/** The task that a token of another server opened. */
export async function findForeignTask(db: Reader, digest: string): Promise<Id<'task'> | undefined> {
  const row = await db
    .selectFrom('foreign_tokens')
    .select('task_id')
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && (row.task_id as Id<'task'>) // written from a task's id
}

/** INVARIANT: a token opens one task, whatever races (contract 5.6). */
export function foreignTokenStep(
  db: Reader,
  token: { digest: string; taskId: Id<'task'>; expiresAt: number },
): Step {
  const query = db
    .insertInto('foreign_tokens')
    .values({ digest: token.digest, task_id: token.taskId, expires_at: token.expiresAt })
    .onConflict((conflict) => conflict.column('digest').doNothing())
  return { guard: FOREIGN_GUARD, query, rows: 1 }
}

/** Forgets tokens that have expired: they are refused for their expiry. */
export async function forgetForeignTokens(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('foreign_tokens').where('expires_at', '<', now).execute()
}
