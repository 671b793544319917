import type { Permit } from '@remit/engine'
import type { Approval } from '../../../approvals/approvals/index.ts'
import type { Finding, RecordedRequest } from '../case.ts'
import type { DenialReason } from '../refuse.ts'
import type { EvaluationDenial } from './people-desk.ts'
import type { ReevaluationDenial } from './question.ts'

/** An answer on its way to the books. */
export interface WeighedAnswer {
  readonly each: RecordedRequest
  readonly finding: Finding
  readonly obligations: Permit['obligations']
  /** Tells whether everything that a permit rests on is still so. Does no I/O. */
  stands(): boolean
  /**
   * Reads again what a permit rests on: a lease that ran out is no change, and other policies may permit the same.
   * @throws Problem `live.lease_over`, `server.clock_off`
   */
  stillStands(): Promise<boolean>
  /** Question that people could be asked, where the enforcement point may have them asked. */
  readonly offer?: Omit<EvaluationDenial, 'id'> | undefined
  /** The approval that the permit uses up. */
  readonly word?: ConsumedApproval | undefined
  readonly unhelped?: ReevaluationDenial | undefined
}

/** An approval of this very question, in hand. */
export interface ConsumedApproval extends Approval {
  readonly id: string
  readonly until: number
}

export function deniedBecause(each: RecordedRequest, because: DenialReason): WeighedAnswer {
  return nothingStands(each, { ...because, outcome: 'deny' })
}

export function nothingStands(each: RecordedRequest, finding: Finding): WeighedAnswer {
  return { each, finding, obligations: [], stands: () => true, stillStands: async () => true }
}
