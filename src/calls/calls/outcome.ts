import { releaseApproval } from '../../approvals/approvals/index.ts'
import type { LedgerEvent } from '../../platform/ledger/index.ts'
import { Guard, type Step } from '../../platform/storage/index.ts'
import {
  giveBackSteps,
  type ReportedAmount,
  type Settlement,
  settleSteps,
} from '../../tasks/budgets/index.ts'
import { endQuery, findDecision } from '../../tasks/decision-log/index.ts'
import type { CallParts } from './parts.ts'
import { correctOutcome } from './settlement/correct.ts'
import { type CallEnding, type Outcome, outcomeRecord } from './settlement/outcome-record.ts'

/**
 * Records the outcome of a permitted call, once. `not_sent` gives approval, allowance and budget back. Where the call was
 * presumed to be indeterminate, this corrects it, once.
 * False: there is nothing to end or to correct (an outcome was recorded before).
 */
export async function recordOutcome(
  parts: RecordingParts,
  decisionId: string,
  outcome: Outcome,
  how: RecordingHow = {},
): Promise<boolean> {
  const recorded = await endOrCorrect(parts, decisionId, outcome, how)
  parts.flights.end(decisionId)
  if (recorded && outcome.state === 'not_sent') parts.risk.notSent(decisionId)
  if (recorded) parts.observer.ended(outcome)
  return recorded
}

async function endOrCorrect(
  parts: OutcomeParts,
  decisionId: string,
  outcome: Outcome,
  how: RecordingHow,
): Promise<boolean> {
  const { said, state } = outcome
  const back = state === 'not_sent' ? await giveBack(parts, decisionId) : []
  const ending =
    said && state !== 'not_sent'
      ? await endSettled(parts, decisionId, { ...outcome, said })
      : endSteps(parts, decisionId, outcome)
  const done = await parts.storage.commit([...ending, ...back], how)
  if (done.committed) return true
  if (done.failed !== OUTCOME_GUARD) throw done.failed.problem()
  return correctOutcome(parts, decisionId, outcome, back)
}

/** `isBehind`: the caller has the answer by now (`Storage.commit`). */
export interface RecordingHow {
  readonly isBehind?: boolean
}

type OutcomeParts = Pick<CallParts, 'storage' | 'ledger' | 'clock' | 'risk'>
type RecordingParts = OutcomeParts & Pick<CallParts, 'flights' | 'observer'>

/** Fails where an outcome was recorded before. */
export const OUTCOME_GUARD = new Guard('first outcome')

/**
 * Ends a call as `endSteps` does, and settles what the call reserved of limits on answers: by the
 * amount that is said, or the reservation is kept.
 * INVARIANT: in one transaction with the ending, which is said once, so nothing is settled twice.
 */
export async function endSettled(
  parts: Omit<OutcomeParts, 'risk'>,
  decisionId: string,
  { said, ...ending }: CallEnding & { readonly said: ReportedAmount },
): Promise<Step[]> {
  const { settlements, steps } = await settleSteps(parts, decisionId, said)
  return [...endSteps(parts, decisionId, ending, settlements), ...steps]
}

/** Row and record of an ending; the guard fails when there is an ending already. The intent says all the rest. */
export function endSteps(
  parts: Omit<OutcomeParts, 'risk'>,
  decisionId: string,
  outcome: CallEnding,
  settlements: readonly Settlement[] = [],
): Step[] {
  const { state, status } = outcome
  return [
    {
      guard: OUTCOME_GUARD,
      query: endQuery(parts.storage, decisionId, { state, status, at: parts.clock.now() }),
      rows: 1,
    },
    parts.ledger.appendStep({
      ...outcomeRecord(decisionId, outcome),
      ...settledIn(settlements),
    }),
  ]
}

/**
 * Writes which limits were settled, and whether by the answer: that stays for ever. The amounts
 * come from the answer, so they are behind a commitment.
 */
function settledIn(settlements: readonly Settlement[]): Pick<LedgerEvent, 'facts' | 'private'> {
  if (settlements.length === 0) return {}
  const told = settlements.map(({ by, name, owner }) => ({ owner, limit: name, by }))
  const amounts = settlements.map(({ amount, name, owner, reserved }) => ({
    owner,
    limit: name,
    reserved,
    amount,
  }))
  return { facts: { settled: told }, private: { amounts } }
}

/**
 * Gives back what the call used; the same guard that lets an ending be said once gives it back
 * once.
 */
async function giveBack(parts: OutcomeParts, decisionId: string): Promise<Step[]> {
  const budget = await giveBackSteps(parts, decisionId)
  const decision = await findDecision(parts.storage.read, decisionId)
  if (!decision) return budget
  const { action, agentId } = decision
  return [
    ...budget,
    ...(await releaseApproval(parts, decision)),
    ...(action === null || agentId === null
      ? []
      : parts.risk.backSteps({ action, agentId, decisionId })),
  ]
}
