import type { Tx } from '../../platform/storage/index.ts'
import { holdSpentCalls } from '../budgets/index.ts'
import { closeTasks } from './close.ts'
import type { TaskParts } from './task.ts'
import { findTask, openTree } from './task-store.ts'

/**
 * Closes a task whose own calls are used up (contract 5.9), unless something of its tree is still on its way: a call in
 * flight is never cut for a budget. `isIdle` says so of these tasks, inside the transaction. False: it stays open.
 */
export async function closeSpent(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  taskId: string,
  isIdle: (tx: Tx, taskIds: readonly string[]) => Promise<boolean>,
): Promise<boolean> {
  const change = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const task = await findTask(tx, taskId)
    if (!task || task.state === 'closed') return undefined
    // INVARIANT: while the row is held nothing can be taken or come back, so an idle task stays idle.
    if (!(await holdSpentCalls(tx, task))) return undefined
    const tree = await openTree(tx, taskId)
    const ids = tree.map(({ id }) => id)
    if (!(await isIdle(tx, ids))) return undefined
    return closeTasks(parts, tx, [taskId], { by: 'system', reason: 'budget' })
  })
  if (change) await parts.live.settle(change)
  return change !== undefined
}
