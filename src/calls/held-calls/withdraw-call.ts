import { cancelRequest, findRequest } from '../../access-requests/index.ts'
import type { Task } from '../../tasks/index.ts'
import type { CallParts } from '../parts.ts'

/**
 * Ends the access request of a call, because its agent does not want the call any more. Of a call
 * that was made already nothing changes, and what is another task's is left alone.
 */
export async function withdrawCall(
  parts: CallParts,
  task: Pick<Task, 'id'>,
  requestId: string,
): Promise<void> {
  const request = await findRequest(parts, requestId)
  if (request?.taskId !== task.id) return
  await parts.storage.transaction((tx) => cancelRequest(parts, tx, request, 'agent.cancelled'))
}
