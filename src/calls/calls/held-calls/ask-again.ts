import {
  type AccessRequest,
  attachAgain,
  findRequest,
} from '../../../approvals/access-requests/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { findTask, type Task } from '../../../tasks/tasks/index.ts'
import type { CallParts } from '../parts.ts'

/**
 * Asks people again about a call that was asked about before: an agent does so when an approved call has been executed
 * and shall be executed again. Answers the request that waits now.
 * @throws Problem `approval.unknown` (also when it is another task's), `approval.denied`, `approval.too_many_pending`,
 * `approval.nobody_to_ask`, `task.closed`
 */
export async function askAgain(
  parts: Pick<CallParts, 'clock' | 'ledger' | 'random' | 'storage'>,
  task: Pick<Task, 'id'>,
  requestId: string,
): Promise<AccessRequest> {
  const earlier = await findRequest(parts, requestId)
  if (earlier?.taskId !== task.id)
    throw new Problem('approval.unknown', 'there is no such access request')
  const asked = await parts.storage.transaction(async (tx) => {
    const now = await findTask(tx, task.id)
    if (now?.state === 'closed') throw new Problem('task.closed', 'the task is closed')
    return attachAgain(parts, tx, earlier)
  })
  if (asked.outcome === 'denied')
    throw new Problem('approval.denied', 'a person denied this call a short while ago')
  if ('refusal' in asked) throw new Problem(asked.refusal.reason, asked.refusal.detail)
  return asked.request
}
