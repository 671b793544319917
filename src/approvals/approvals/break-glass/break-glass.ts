import { isAdministrator, type Person } from '../../../identity/people/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { DAY, MINUTE } from '../../../platform/lib/time-units.ts'
import { type AccessRequest, type ApprovalParts, isEnough } from '../../access-requests/index.ts'

export type ReviewVerdict = 'justified' | 'not_justified'

/** Approval given alone in an emergency. Times: epoch milliseconds. */
export interface BreakGlass {
  readonly id: Id<'break_glass'>
  readonly requestId: Id<'request'>
  readonly personId: Id<'person'>
  readonly reason: string
  readonly openedAt: number
  /** Time when the approval ends; a review ends it sooner. */
  readonly endsAt: number
  readonly reviewDueAt: number
  readonly reviewedAt: number | null
  readonly reviewedBy: Id<'person'> | null
  readonly verdict: ReviewVerdict | null
  readonly note: string | null
}

export type BreakGlassRules = NonNullable<ApprovalParts['breakGlass']>

const DEFAULTS: BreakGlassRules = { lifeMs: 15 * MINUTE, reviewMs: DAY }
/** Number of approvals of one person that may wait for a review. */
export const MAX_UNREVIEWED = 5

export function rulesOf({
  breakGlass = DEFAULTS,
}: {
  readonly breakGlass?: BreakGlassRules | undefined
}): BreakGlassRules {
  return breakGlass
}

/**
 * Tells whether this person may approve alone in an emergency: active, and named by every rule that
 * asks. Asked when they do, and again when the approval is used.
 */
export function mayBreakGlass(person: Person, request: AccessRequest): boolean {
  const { breakGlass: approvers } = request.ask
  const ask = approvers && { ...request.ask, approvers, quorum: 1, self: true, separate: [] }
  return ask !== undefined && isEnough([person], { ...request, ask, barred: [], behind: [] })
}

/** Part of a request that says for whom it is. */
export type ReviewedRequest = Pick<AccessRequest, 'personId' | 'requesterId'>

/**
 * Tells whether this person may review what `by` did: an active administrator who neither did it nor had the call made.
 */
export function isReviewer(person: Person, by: string, request: ReviewedRequest): boolean {
  return (
    person.status === 'active' &&
    isAdministrator(person) &&
    ![by, request.personId, request.requesterId].includes(person.id)
  )
}
