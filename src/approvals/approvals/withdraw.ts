import type { ApprovalParts } from '../access-requests/index.ts'
import { cancelRequest, findRequest } from '../access-requests/index.ts'

/**
 * Ends the access request of a call, because its agent does not want the call any more. Of a call
 * that was made already nothing changes, and a request of another task is left alone.
 */
export async function withdrawRequest(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'storage'>,
  taskId: string,
  requestId: string,
): Promise<void> {
  const request = await findRequest(parts, requestId)
  if (request?.taskId !== taskId) return
  await parts.storage.transaction((tx) => cancelRequest(parts, tx, request, 'agent.cancelled'))
}
