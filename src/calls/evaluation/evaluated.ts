import type { AccessRequest, FrozenQuestion } from '../../access-requests/index.ts'
import type { Id } from '../../lib/id.ts'

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
 * Access request as the enforcement point that submitted it holds it. The request itself is ours.
 */
export interface EvaluationRequest {
  readonly id: Id<'evaluation_request'>
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
  readonly idempotencyKey: string | null
  readonly bodyDigest: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** Time in which a denied evaluation can be submitted. */
export const DENIAL_MS = 10 * 60_000
/** Time after the end of its task in which a submission can still be looked at. */
export const KEPT_MS = 24 * 3_600_000

/** Finds when the approval of a submission ends; nothing where there is none. */
export function approvedUntil(
  { requestedUntil }: EvaluationRequest,
  { state, usableUntil }: AccessRequest,
): number | undefined {
  if (state !== 'approved' || usableUntil === null) return undefined
  return Math.min(usableUntil, requestedUntil ?? usableUntil)
}
