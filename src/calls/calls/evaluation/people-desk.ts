import type { AccessRequest, FrozenQuestion } from '../../../approvals/access-requests/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { Step } from '../../../platform/storage/index.ts'

/** Keeps what enforcement points may have people asked about, and finds what they show of it later. */
export interface PeopleDesk {
  /** Writes a denial in the transaction of its answer, so that every offered denial can be found again. */
  offerStep(denial: EvaluationDenial): Step
  /** Finds what an approval is of. INVARIANT: for every other enforcement point it is not there. */
  findShown(pep: string, approvalId: string): Promise<SubmittedQuestion | undefined>
}

/** Denial to an enforcement point of others that people could lift, with everything that they would be asked. */
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

/** Question that an enforcement point had people asked. */
export interface SubmittedQuestion {
  readonly bindingHash: string
  readonly requestId: Id<'request'>
  /** Name by which the enforcement point refers to the approval. Told when there is one; by itself it grants nothing. */
  readonly approvalId: Id<'evaluation_approval'>
  /** Latest end of an approval that the enforcement point asked for, in epoch milliseconds; null: it asked for none. */
  readonly requestedUntil: number | null
}

/** Time in which a denied evaluation can be submitted. */
export const DENIAL_MS = 10 * MINUTE

/** Finds when the approval of a question ends; nothing where there is none. */
export function approvedUntil(
  { requestedUntil }: Pick<SubmittedQuestion, 'requestedUntil'>,
  { state, usableUntil }: AccessRequest,
): number | undefined {
  if (state !== 'approved' || usableUntil === null) return undefined
  return Math.min(usableUntil, requestedUntil ?? usableUntil)
}
