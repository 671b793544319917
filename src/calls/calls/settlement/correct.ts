import { Guard, type Step } from '../../../platform/storage/index.ts'
import { correctQuery, findDecision } from '../../../tasks/decision-log/index.ts'
import type { CallParts } from '../parts.ts'
import { type Outcome, outcomeRecord } from './outcome-record.ts'

/**
 * A true outcome takes the place of a presumed one: the call was called *indeterminate* because its replica seemed to be gone,
 * or its API silent, and its outcome became known. A record of its own, once; the record of the presumption stays.
 * What the call took of limits on answers stays as it was reserved, unless nothing was sent at all (`back`).
 * False: there is nothing presumed about this call, or it was corrected before.
 */
export async function correctOutcome(
  parts: Pick<CallParts, 'storage' | 'ledger' | 'clock'>,
  decisionId: string,
  outcome: Outcome,
  back: readonly Step[],
): Promise<boolean> {
  const { clock, ledger, storage } = parts
  const { state, status } = outcome
  const decision = await findDecision(storage.read, decisionId)
  if (decision?.state !== 'indeterminate' || decision.presumedAt !== null) return false
  const done = await storage.commit([
    {
      guard: CORRECTION_GUARD,
      query: correctQuery(storage, decisionId, { state, status, at: clock.now() }),
      rows: 1,
    },
    ledger.appendStep({
      ...outcomeRecord(decisionId, outcome),
      type: 'decision.correction',
      facts: { presumed: 'indeterminate' },
    }),
    ...back,
  ])
  if (!done.committed && done.failed !== CORRECTION_GUARD) throw done.failed.problem()
  return done.committed
}

const CORRECTION_GUARD = new Guard('presumed outcome')
