import type { Canonical } from '../../../platform/lib/canonical-json.ts'
import type { Id } from '../../../platform/lib/id.ts'

/** Entry of the books about one request of an enforcement point, however many answers it got. */
export interface AnsweredRequest {
  readonly id: Id<'decision'>
  /** `evaluation`, `evaluations`, `search.subject` … */
  readonly kind: string
  /** Reason of a single answer. */
  readonly reason?: string | undefined
  readonly answers: number
  readonly permitted: number
  /**
   * Private part, kept behind commitments: the question, or its digest, and the answer.
   */
  readonly private: Readonly<Record<string, Canonical | undefined>>
}
