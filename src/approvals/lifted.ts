import type { ForbidRef } from '@remit/engine'
import { approversOf } from './approvers.ts'
import { isEnough } from './eligibility.ts'
import type { ApprovalParts } from './parts.ts'
import { usedRequestsOf } from './request-store.ts'

/**
 * The forbids that people lifted for a task when it opened: as long as their approval lasts, and those who gave it still may. What a task
 * was opened by lasts as long as what it gives (AROP: nothing outlives the approval).
 */
export async function liftedForTask(
  parts: Pick<ApprovalParts, 'storage'>,
  {
    action,
    now,
    taskId,
  }: { readonly taskId: string; readonly action: string; readonly now: number },
): Promise<readonly ForbidRef[]> {
  const lifted: ForbidRef[] = []
  for (const request of await usedRequestsOf(parts.storage.read, { taskId, action, now })) {
    const { approvers, denied } = await approversOf(parts.storage.read, request)
    if (!denied && isEnough(approvers, request)) lifted.push(...request.ask.forbids)
  }
  return lifted
}
