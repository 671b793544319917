import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import type { SubmittedQuestion } from '../../../calls/calls/index.ts'
import type { Id } from '../../../platform/lib/id.ts'

/**
 * One item of a submission, as the enforcement point that submitted it holds it. The access request itself is ours.
 */
export interface EvaluationRequest extends SubmittedQuestion {
  /** Id of the submission, which all of its items have. */
  readonly id: Id<'evaluation_request'>
  /** Place in the submission, from 0. */
  readonly position: number
  /** Resource and action as they were sent, JSON; `null`: the submission has no `items`. */
  readonly item: string | null
  readonly pep: string
  readonly evaluationId: Id<'decision'>
  /** On the first item only. */
  readonly idempotencyKey: string | null
  readonly bodyDigest: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** An item, with the access request that it is of as that stands now. */
export interface SubmittedItem {
  readonly made: EvaluationRequest
  readonly request: AccessRequest
}

/** A submission as it stands now; at least one item, in order. */
export type SubmissionResult = readonly [SubmittedItem, ...SubmittedItem[]]

/** Task Status Values of ARAP. */
export type SubmissionStatus = AccessRequest['state'] | 'partial'

/** Time after the end of its task in which a submission can still be looked at. */
export const SUBMISSION_RETENTION_MS = 24 * 3_600_000

/** Sums up the items (ARAP, Access Request Response): pending while one is, then what all are, else `partial`. */
export function statusOf(submitted: SubmissionResult): SubmissionStatus {
  const states = new Set(submitted.map(({ request }) => request.state))
  const [first] = submitted
  if (states.has('pending')) return 'pending'
  return states.size === 1 ? first.request.state : 'partial'
}
