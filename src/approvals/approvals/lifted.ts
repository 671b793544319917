import type { ForbidRef } from '@remit/engine'
import {
  type AccessRequest,
  type ApprovalParts,
  requestsForCall,
  standingOf,
  usedRequestsOf,
} from '../access-requests/index.ts'
import { standingApprovers } from './active-word.ts'

/**
 * The forbids that people lifted for a task when it opened: as long as their approval lasts, and those who gave it still may. What a task
 * was opened by lasts as long as what it gives (AROP: nothing outlives the approval). `template`: of the question about an opening; what
 * people said about one token of the task is about that token.
 */
export async function liftedForTask(
  parts: Pick<ApprovalParts, 'storage'>,
  {
    now,
    taskId,
    template,
  }: { readonly taskId: string; readonly template: string; readonly now: number },
): Promise<readonly ForbidRef[]> {
  const lifted: ForbidRef[] = []
  for (const request of await usedRequestsOf(parts.storage.read, { taskId, template, now })) {
    if (await standingApprovers(parts, request, request, now)) lifted.push(...request.ask.forbids)
  }
  return lifted
}

/** Standing of a question whose answer lasts: using it once does not end it, its time does. */
export type LastingAnswer =
  | { readonly state: 'approved'; readonly request: AccessRequest; readonly used: boolean }
  | { readonly state: 'pending' | 'denied'; readonly request: AccessRequest }
  /** `insufficient`: approved once, by people who may not any more. */
  | { readonly state: 'none'; readonly insufficient: readonly AccessRequest['id'][] }

export async function lastingApproval(
  { storage }: Pick<ApprovalParts, 'storage'>,
  { callHash, taskId }: Pick<AccessRequest, 'callHash' | 'taskId'>,
  now: number,
): Promise<LastingAnswer> {
  const standing = standingOf(await requestsForCall(storage.read, taskId, callHash), now)
  if (standing.state === 'none') return { state: 'none', insufficient: [] }
  const { request, state } = standing
  if (state === 'pending' || state === 'denied') return { state, request }
  if ((request.usableUntil ?? 0) <= now) return { state: 'none', insufficient: [] }
  if (!(await standingApprovers({ storage }, request, request, now)))
    return { state: 'none', insufficient: [request.id] }
  return { state: 'approved', request, used: state === 'executed' }
}
