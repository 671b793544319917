import type { GrantParts } from '../grants/index.ts'
import { closeTask, type Task } from '../tasks/index.ts'

/**
 * The client says that it is done: a task that a code opened ends with the session that it was used in. Any other task
 * goes on; its agent closes it. Answers whether it ended, once no replica permits under it.
 */
export async function endWithSession(
  parts: GrantParts,
  { id, openedBy }: Pick<Task, 'id' | 'openedBy'>,
): Promise<boolean> {
  if (openedBy !== 'code') return false
  await closeTask(parts, { taskId: id, by: id, reason: 'session.ended' })
  return true
}
