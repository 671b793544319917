import type { ForbidRef } from '@remit/engine'
import type { Id } from '../../platform/lib/id.ts'
import type { Step } from '../../platform/storage/index.ts'
import {
  type AccessRequest,
  type ApprovalParts,
  findRequest,
  isEnough,
  presentQuestion,
} from '../access-requests/index.ts'
import { readAllowance } from './allowance/allowance-store.ts'
import { ESCALATED_LONG_AGO, returnAllowanceSteps } from './allowance/use.ts'
import { approverIds, approversOf } from './approvers.ts'
import { returnSteps } from './use.ts'

/** A call by the word of people that it used. */
interface WordUse {
  readonly id: string
  readonly taskId: string | null
  readonly requestId: string | null
  readonly allowanceId: string | null
}

/** Word of people that a call used, while it counts. */
export interface ApprovalInUse {
  /** Forbids that it lifts, and its name where it is not about this very call. */
  readonly lifting: { readonly forbids: readonly ForbidRef[]; readonly by?: string }
  readonly approvers: readonly string[]
  /** Request about this very call. */
  readonly requestId?: Id<'request'>
}

/**
 * Finds the word of people that a call used. `undefined`: it used none, or those who gave it may not
 * any more.
 */
export async function activeWord(
  parts: Omit<ApprovalParts, 'random'>,
  { allowanceId, id, requestId, taskId }: WordUse,
): Promise<ApprovalInUse | undefined> {
  const now = parts.clock.now()
  const request = requestId === null ? undefined : await findRequest(parts, requestId)
  if (request?.usedBy === id) {
    const approvers = await standingApprovers(parts, request, request, now)
    const lifting = { forbids: request.ask.forbids }
    return approvers && { lifting, approvers, requestId: request.id }
  }
  const { read } = parts.storage
  const allowance = allowanceId === null ? undefined : await readAllowance(read, allowanceId)
  if (!allowance) return undefined
  const terms = { ...allowance, taskId: taskId ?? '', createdAt: ESCALATED_LONG_AGO }
  const approvers = await standingApprovers(parts, { id: allowance.requestId }, terms, now)
  const lifting = { forbids: allowance.ask.forbids, by: `allowance ${allowance.id}` }
  return approvers && { lifting, approvers }
}

/** Makes the steps that give back what a call used of the word of people. */
export async function releaseApproval(
  parts: Omit<ApprovalParts, 'random'>,
  { allowanceId, id, requestId, taskId }: WordUse,
): Promise<Step[]> {
  if (allowanceId !== null) {
    const allowance = await readAllowance(parts.storage.read, allowanceId)
    return allowance ? returnAllowanceSteps(parts, allowance, { decisionId: id, taskId }) : []
  }
  const request = requestId === null ? undefined : await findRequest(parts, requestId)
  return request?.usedBy === id ? returnSteps(parts, request, id) : []
}

/**
 * Ids of those who approved a request, as long as enough of them still may; `undefined`: their word
 * does not count any more. `terms`: of what their word made, if that is not the request itself.
 */
export async function standingApprovers(
  parts: Pick<ApprovalParts, 'storage'>,
  request: Pick<AccessRequest, 'id'>,
  terms: Parameters<typeof presentQuestion>[1],
  now: number,
): Promise<readonly string[] | undefined> {
  const { approvers, denied } = await approversOf(parts.storage.read, request, now)
  const question = await presentQuestion(parts.storage.read, terms, now)
  return denied || !isEnough(approvers, question) ? undefined : approverIds(approvers)
}
