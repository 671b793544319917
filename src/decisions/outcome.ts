import { findRequest, returnSteps } from '../approvals/index.ts'
import type { Step } from '../storage/index.ts'
import { endQuery, findDecision, type StoredDecision } from './decision-store.ts'
import type { DecisionParts } from './parts.ts'

/** What became of a call that was permitted. */
export interface Outcome {
  /**
   * `answered`: the API answered, whatever it said. `failed`: something was sent, and no whole answer came.
   * `not_sent`: provably no byte was sent.
   */
  readonly state: 'answered' | 'failed' | 'not_sent'
  readonly status?: number | undefined
  readonly latencyMs?: number | undefined
  /** Digest of the answer's body, base64url. */
  readonly digest?: string | undefined
  /** Why it was not sent or failed: a code. */
  readonly reason?: string | undefined
}

/**
 * Records the outcome of a permitted call, once. `not_sent` gives the approval back.
 * False: there is nothing to end (an outcome was recorded before, or the call was found indeterminate).
 */
export async function recordOutcome(
  parts: DecisionParts,
  decisionId: string,
  outcome: Outcome,
): Promise<boolean> {
  const decision = await findDecision(parts.storage.read, decisionId)
  if (decision?.state !== 'sending') return false
  const steps = [
    ...endSteps(parts, decision, outcome),
    ...(await giveBack(parts, decision, outcome)),
  ]
  const done = await parts.storage.commit(steps)
  if (!done.committed && done.failed !== OUTCOME_STEP)
    throw new Error(`an outcome could not be recorded: ${done.failed}`)
  return done.committed
}

const OUTCOME_STEP = 'outcome'

/** Row and record of an ending; the guard fails when there is an ending already. */
export function endSteps(
  parts: Pick<DecisionParts, 'storage' | 'ledger' | 'clock'>,
  decision: StoredDecision,
  outcome: Omit<Outcome, 'state'> & { readonly state: Outcome['state'] | 'indeterminate' },
): Step[] {
  const { state, status, digest, latencyMs, reason } = outcome
  return [
    {
      name: OUTCOME_STEP,
      query: endQuery(parts.storage.read, decision.id, { state, status, at: parts.clock.now() }),
      rows: 1,
    },
    parts.ledger.appendStep({
      type: 'decision.outcome',
      decisionId: decision.id,
      person: decision.personId ?? undefined,
      agent: decision.agentId ?? undefined,
      task: decision.taskId ?? undefined,
      resource: decision.resource ?? undefined,
      action: decision.action ?? undefined,
      requestId: decision.requestId ?? undefined,
      outcome: state,
      reason,
      upstream: status === undefined ? undefined : { status, digest, latencyMs },
    }),
  ]
}

async function giveBack(
  parts: DecisionParts,
  decision: StoredDecision,
  outcome: Outcome,
): Promise<Step[]> {
  if (outcome.state !== 'not_sent' || decision.requestId === null) return []
  const request = await findRequest(parts, decision.requestId)
  return request?.usedBy === decision.id ? returnSteps(parts, request, decision.id) : []
}
