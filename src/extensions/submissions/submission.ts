import type { AccessRequest, FrozenQuestion } from '../../approvals/access-requests/index.ts'
import type { Id } from '../../platform/lib/id.ts'

/**
 * Denial to an enforcement point of others that people could lift, with everything that they would
 * be asked.
 */
export interface EvaluationDenial {
  /** Id of the evaluation. */
  readonly id: Id<'decision'>
  readonly pep: string
  /** Hash of the question as it was put, and of no other one. */
  readonly bindingHash: string
  readonly question: FrozenQuestion
  /** Requests, as in `Asking`. */
  readonly insufficient: readonly Id<'request'>[]
  readonly expiresAt: number
}

/**
 * One item of a submission, as the enforcement point that submitted it holds it. The access request itself is ours.
 */
export interface EvaluationRequest {
  /** Id of the submission, which all of its items have. */
  readonly id: Id<'evaluation_request'>
  /** Place in the submission, from 0. */
  readonly position: number
  /** Resource and action as they were sent, JSON; `null`: the submission has no `items`. */
  readonly item: string | null
  readonly pep: string
  readonly evaluationId: Id<'decision'>
  readonly bindingHash: string
  readonly requestId: Id<'request'>
  /**
   * Name by which it refers to the approval. Told when there is one; by itself it grants nothing.
   */
  readonly approvalId: Id<'evaluation_approval'>
  /** It wants no approval to last longer. */
  readonly requestedUntil: number | null
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

/** Time in which a denied evaluation can be submitted. */
export const DENIAL_MS = 10 * 60_000
/** Time after the end of its task in which a submission can still be looked at. */
export const RETENTION_MS = 24 * 3_600_000

/** Finds when the approval of an item ends; nothing where there is none. */
export function approvedUntil(
  { requestedUntil }: EvaluationRequest,
  { state, usableUntil }: AccessRequest,
): number | undefined {
  if (state !== 'approved' || usableUntil === null) return undefined
  return Math.min(usableUntil, requestedUntil ?? usableUntil)
}

/** Sums up the items (ARAP, Access Request Response): pending while one is, then what all are, else `partial`. */
export function statusOf(submitted: SubmissionResult): SubmissionStatus {
  const states = new Set(submitted.map(({ request }) => request.state))
  const [first] = submitted
  if (states.has('pending')) return 'pending'
  return states.size === 1 ? first.request.state : 'partial'
}
