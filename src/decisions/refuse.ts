import type { Deny, GateResult } from '@remit/engine'
import type { AccessRequest } from '../approvals/index.ts'
import { consumeOnceStep, type Step } from '../storage/index.ts'
import type { Proof } from '../tokens/index.ts'
import { type Booked, type Case, type Finding, recordOf, rowOf } from './case.ts'
import { findDecision, insertDecisionQuery, type StoredDecision } from './decision-store.ts'
import type { DecisionParts } from './parts.ts'
import { challengeFor, codeOf } from './reasons.ts'
import type { Denied, Executed } from './verdict.ts'
import { readResult } from './waiting/kept-result.ts'

export const PROOF_STEP = 'used dpop'

/** What is written about every answer that sends nothing, or not yet: row and record. */
export function bookSteps(parts: DecisionParts, each: Booked, finding: Finding): Step[] {
  return [
    {
      name: 'decision',
      query: insertDecisionQuery(parts.storage.read, rowOf(each, finding)),
      rows: 1,
    },
    parts.ledger.appendStep(recordOf(each, finding)),
  ]
}

export function proofStep(parts: DecisionParts, proof: Proof): Step {
  return consumeOnceStep(parts.storage.read, 'dpop', proof.replayKey, proof.expiresAt)
}

/**
 * What every answer to a request does with its proof.
 * INVARIANT: a request uses up its proof exactly once: with its first answer, whatever that is.
 */
export function usedProofSteps(
  parts: DecisionParts,
  { proofUsed, who }: Pick<Booked, 'proofUsed' | 'who'>,
): Step[] {
  return who.proof && !proofUsed ? [proofStep(parts, who.proof)] : []
}

/** A refusal uses up its proof and is recorded, in one transaction. With a proof that was used before, that is why. */
export async function refuse(
  parts: DecisionParts,
  each: Booked,
  because: Pick<Deny, 'gates' | 'reason' | 'detail' | 'enough'>,
): Promise<Denied> {
  const finding: Finding = { ...because, outcome: 'deny' }
  return (await book(parts, each, finding)) ? deniedOf(each, because) : refuseReplay(parts, each)
}

/** False: the proof was used before, and nothing was written. */
async function book(parts: DecisionParts, each: Booked, finding: Finding): Promise<boolean> {
  const used = usedProofSteps(parts, each)
  const done = await parts.storage.commit([...used, ...bookSteps(parts, each, finding)])
  if (!done.committed && done.failed !== PROOF_STEP)
    throw new Error(`a refusal could not be recorded: ${done.failed}`)
  return done.committed
}

const REPLAYED: GateResult = {
  gate: 'credential',
  passed: false,
  reason: 'proof.replayed',
  detail: 'the proof was used before',
  enough: 'a fresh proof for every request',
}

/** There is nothing to use up any more; it is recorded all the same. */
export async function refuseReplay(parts: DecisionParts, each: Booked): Promise<Denied> {
  const { detail, enough = '' } = REPLAYED
  const because = { gates: [REPLAYED], reason: 'proof.replayed', detail, enough }
  const done = await parts.storage.commit(bookSteps(parts, each, { ...because, outcome: 'deny' }))
  if (!done.committed) throw new Error(`a refusal could not be recorded: ${done.failed}`)
  return deniedOf(each, because)
}

/** The call was approved and executed before: told what became of it, and never executed again. */
export async function refuseExecuted(
  parts: DecisionParts,
  each: Case,
  request: AccessRequest,
  gates: readonly GateResult[],
): Promise<Executed | Denied> {
  const finding: Finding = {
    outcome: 'deny',
    reason: 'approval.used',
    gates,
    detail: 'the approval of this call was used for its one execution',
    enough: 'a new access request for the same call',
    requestId: request.id,
  }
  if (!(await book(parts, each, finding))) return refuseReplay(parts, each)
  const execution = request.usedBy && (await findDecision(parts.storage.read, request.usedBy))
  if (!execution) throw new Error('an approval was used by a decision that has no row')
  const { state } = execution
  return {
    outcome: 'executed',
    decisionId: execution.id,
    state: state === 'decided' || state === 'not_sent' ? 'sending' : state,
    status: execution.status ?? undefined,
    ...(await keptOf(parts, execution)),
    requestId: request.id,
    requestUrl: `${parts.issuer}/v1/tasks/${request.taskId}/requests`,
  }
}

/** An answer is told only where it is known that it was the answer. */
async function keptOf(
  parts: DecisionParts,
  { id, state }: StoredDecision,
): Promise<Pick<Executed, 'kept' | 'larger'>> {
  const result = state === 'answered' ? await readResult(parts, id) : undefined
  if (!result) return {}
  return 'text' in result ? { kept: result.text } : { larger: true }
}

export function deniedOf(
  each: Pick<Case, 'id'>,
  because: Pick<Deny, 'gates' | 'reason' | 'detail' | 'enough'>,
): Denied {
  const reason = codeOf(because.reason)
  const challenge = challengeFor(reason)
  const { gates, detail, enough } = because
  return {
    outcome: 'deny',
    decisionId: each.id,
    reason,
    detail,
    enough,
    gates,
    ...(challenge && { challenge }),
  }
}
