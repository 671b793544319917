import type { Permit } from '@remit/engine'
import type { Approval, EvaluationDenial } from '../../approvals/index.ts'
import type { Booked, Finding } from '../../facts/index.ts'
import type { Because } from '../refuse.ts'
import type { Unhelped } from './question.ts'

/** An answer on its way to the books. */
export interface Weighed {
  readonly each: Booked
  readonly finding: Finding
  readonly obligations: Permit['obligations']
  /** Whether everything that a permit rests on is still so. Does no I/O. */
  stands(): boolean
  /** What people could be asked, where the enforcement point may have them asked. */
  readonly offer?: Omit<EvaluationDenial, 'id'> | undefined
  /** The approval that the permit uses up. */
  readonly word?: UsedWord | undefined
  readonly unhelped?: Unhelped | undefined
}

/** An approval of this very question, in hand. */
export interface UsedWord extends Approval {
  readonly id: string
  readonly until: number
}

export function denied(each: Booked, because: Because): Weighed {
  return nothingStands(each, { ...because, outcome: 'deny' })
}

export function nothingStands(each: Booked, finding: Finding): Weighed {
  return { each, finding, obligations: [], stands: () => true }
}
