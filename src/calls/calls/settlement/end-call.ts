import { type RecordingHow, recordOutcome } from '../outcome.ts'
import type { CallParts } from '../parts.ts'
import type { Outcome } from './outcome-record.ts'

/**
 * Records how a call of this process ended. Where the store does not take it, the outcome is kept and stored as soon as
 * possible (`settleOwn`): what happened to the call is true whether or not it is written yet, and its caller is told that.
 * Never throws. Answers what kept it from being stored.
 */
export async function endCall(
  parts: CallParts,
  id: string,
  outcome: Outcome,
  how?: RecordingHow,
): Promise<{ readonly late?: unknown }> {
  try {
    await recordOutcome(parts, id, outcome, how)
    return {}
  } catch (late) {
    parts.flights.keepOutcome(id, outcome)
    return { late }
  }
}
