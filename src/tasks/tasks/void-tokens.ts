import { Problem } from '../../platform/lib/problem.ts'
import type { StateChange } from './suspend.ts'
import type { TaskParts } from './task.ts'
import { findTask } from './task-store.ts'

/**
 * Ends every resource token of a task that exists now; the task goes on, and its token gets new ones. When it has
 * returned, no replica permits with an old one. A closed task has none left: nothing happens.
 * @throws Problem `task.unknown`
 */
export async function voidTokens(
  parts: Pick<TaskParts, 'ledger' | 'live' | 'storage'>,
  change: StateChange,
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const task = await findTask(tx, change.taskId)
    if (!task) throw new Problem('task.unknown', `there is no task \`${change.taskId}\``)
    if (task.state === 'closed') return parts.live.raise(tx, [])
    await parts.ledger.append(tx, {
      type: 'task.tokens_voided',
      task: task.id,
      person: task.personId,
      agent: task.agentId,
      by: change.by,
      private: { reason: change.reason },
    })
    return parts.live.raise(tx, [{ kind: 'task', id: task.id }])
  })
  await parts.live.settle(raised)
}
