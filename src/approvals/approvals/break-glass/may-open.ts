import { ADMINISTRATORS, listPersons, type Person } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Reader } from '../../../platform/storage/index.ts'
import type { AccessRequest } from '../../access-requests/index.ts'
import { isReviewer, MAX_UNREVIEWED, mayBreakGlass, type ReviewedRequest } from './break-glass.ts'
import { unreviewedOf } from './break-glass-store.ts'

const MAX_REVIEWERS = 200

/** People who may review what `by` did. */
export async function reviewersOf(
  db: Reader,
  by: string,
  request: ReviewedRequest,
): Promise<readonly Person[]> {
  const administrators = await listPersons(db, { limit: MAX_REVIEWERS, group: ADMINISTRATORS })
  return administrators.filter((person) => isReviewer(person, by, request))
}

/**
 * Refuses a person who may not approve this request alone now.
 * @throws Problem `approval.not_pending`, `approval.expired`, `break_glass.not_offered`,
 * `break_glass.review_due`, `break_glass.no_reviewer`
 */
export async function requireBreakGlass(
  db: Reader,
  { now, person, request }: { person: Person; request: AccessRequest; now: number },
): Promise<void> {
  if (request.state !== 'pending' && request.state !== 'expired')
    throw new Problem('approval.not_pending', 'the request is not waiting for an answer any more')
  if (request.state === 'expired' || request.expiresAt <= now)
    throw new Problem('approval.expired', 'the request expired without an answer, which denies it')
  if (!mayBreakGlass(person, request))
    throw new Problem('break_glass.not_offered', 'not every rule that asks lets you approve alone')
  const unreviewed = await unreviewedOf(db, person.id)
  // INVARIANT: who has a review missed, or too many open, approves nothing alone.
  if (unreviewed.some(({ reviewDueAt }) => reviewDueAt <= now))
    throw new Problem(
      'break_glass.review_due',
      'an earlier approval of yours was not reviewed in time',
    )
  if (unreviewed.length >= MAX_UNREVIEWED)
    throw new Problem(
      'break_glass.review_due',
      `${MAX_UNREVIEWED} earlier approvals of yours wait for a review`,
    )
  if ((await reviewersOf(db, person.id, request)).length === 0)
    throw new Problem(
      'break_glass.no_reviewer',
      'there is no other administrator who could review it',
    )
}
