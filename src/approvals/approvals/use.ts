import type { Person } from '../../identity/people/index.ts'
import { Guard, type Step } from '../../platform/storage/index.ts'
import {
  type AccessRequest,
  type ApprovalParts,
  aboutRequest,
  isEnough,
  presentQuestion,
  requestsForCall,
  returnQuery,
  standingOf,
  useQuery,
} from '../access-requests/index.ts'
import { approverIds, approversOf } from './approvers.ts'
import { mayBreakGlass } from './break-glass/break-glass.ts'
import { breakGlassOf } from './break-glass/break-glass-store.ts'

/** Fails when an approval is used up, ended or too late. */
export const USE_GUARD = new Guard('usable approval')
const RETURN_GUARD = new Guard('used approval')

/** An approval in hand, with the people whose word it is: when one of them ends, it ends. */
export interface Approval {
  readonly request: AccessRequest
  readonly approvers: readonly string[]
}

export type ApprovalLookup =
  | { readonly state: 'usable'; readonly approval: Approval }
  /** Approved once, but those who approved are no longer people who may. */
  | { readonly state: 'lapsed'; readonly request: AccessRequest }
  | Exclude<ReturnType<typeof standingOf>, { state: 'approved' }>

/**
 * Looks how a call stands with people, with eligibility checked again: an approval counts only while
 * enough of those who gave it may still give it; the person who asks in the conversation by now
 * (`requesterId`) does not count.
 */
export async function usableApproval(
  parts: Pick<ApprovalParts, 'clock' | 'storage'>,
  taskId: string,
  callHash: string,
  now: number,
  requesterId?: string,
): Promise<ApprovalLookup> {
  const requests = await requestsForCall(parts.storage.read, taskId, callHash)
  const standing = standingOf(requests, now)
  if (standing.state !== 'approved') return standing
  const { request } = standing
  const { approvers, denied } = await approversOf(parts.storage.read, request, now)
  // INVARIANT: no person approves their own call, also when they began to ask after they approved.
  const asked = await presentQuestion(parts.storage.read, request, now)
  const today = requesterId === undefined ? asked : { ...asked, requesterId }
  const enough = isEnough(approvers, asked) && isEnough(approvers, today)
  if (denied || !(enough || (await countsAlone(parts, request, approvers))))
    return { state: 'lapsed', request }
  return { state: 'usable', approval: { request, approvers: approverIds(approvers) } }
}

/** Tells whether one of these people approved it alone, still may, and no review ended it. */
async function countsAlone(
  { clock, storage }: Pick<ApprovalParts, 'clock' | 'storage'>,
  request: AccessRequest,
  approvers: readonly Person[],
): Promise<boolean> {
  if (!request.ask.breakGlass) return false
  const broken = await breakGlassOf(storage.read, request.id)
  const person = approvers.find(({ id }) => id === broken?.personId)
  if (!broken || !person) return false
  return broken.endsAt > clock.now() && mayBreakGlass(person, request)
}

/**
 * One execution of one approval, for the transaction that reserves the call.
 * INVARIANT: the conditional update is the only way to use an approval; it touches one row for exactly one decision.
 */
export function useSteps(
  parts: Pick<ApprovalParts, 'storage' | 'ledger' | 'clock'>,
  request: AccessRequest,
  decisionId: string,
): Step[] {
  return [
    {
      guard: USE_GUARD,
      query: useQuery(parts.storage.read, request.id, decisionId, parts.clock.now()),
      rows: 1,
    },
    parts.ledger.appendStep(aboutRequest('approval.used', request, { decisionId })),
  ]
}

/** Gives an approval back because provably no byte was sent. Guarded: only what this decision used comes back. */
export function returnSteps(
  parts: Pick<ApprovalParts, 'storage' | 'ledger'>,
  request: AccessRequest,
  decisionId: string,
): Step[] {
  return [
    {
      guard: RETURN_GUARD,
      query: returnQuery(parts.storage.read, request.id, decisionId),
      rows: 1,
    },
    parts.ledger.appendStep(aboutRequest('approval.returned', request, { decisionId })),
  ]
}
