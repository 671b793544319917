import type { Step } from '../../platform/storage/index.ts'
import { closeTask } from './close.ts'
import type { TaskParts } from './task.ts'
import { freeKey } from './task-store.ts'

/**
 * Closes a task whose opening was never answered, and gives back everything used up for it, in one transaction (contract
 * 13.2): its key, and a person's consent or approval. `returns`: steps that give the latter back. INVARIANT: no client was told of the task.
 */
export async function closeUnanswered(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  taskId: string,
  reason: 'failed' | 'overtaken',
  returns: readonly Step[],
): Promise<void> {
  await closeTask(parts, { taskId, by: 'system', reason }, async (tx) => {
    await freeKey(tx, taskId)
    for (const { query } of returns) await tx.executeQuery(query.compile())
  })
}
