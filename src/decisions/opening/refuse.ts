import { type AccessRequest, attachQuestion } from '../../approvals/index.ts'
import type { LedgerEvent } from '../../ledger/index.ts'
import { consumeOnce, consumeOnceStep } from '../../storage/index.ts'
import type { Proof } from '../../tokens/index.ts'
import { CHALLENGED } from '../case.ts'
import type { DecisionParts } from '../parts.ts'
import { isChallenge } from '../reasons.ts'
import { PROOF_STEP } from '../refuse.ts'
import { type Refused, refused } from './opening.ts'

/** What was refused, and to whom, as far as that is known. */
export interface Attempt {
  readonly type: 'task.refused' | 'token.refused'
  /** Used up if it holds, whatever else was wrong. */
  readonly proof: Proof | undefined
  readonly about: Partial<LedgerEvent>
  readonly ip: string
}

/** Records a refusal at the token endpoint, uses up its proof, and asks people where it asks any, in one transaction. */
export async function refuseOpening(
  parts: DecisionParts,
  attempt: Attempt,
  refusal: Refused,
): Promise<Refused> {
  const { proof } = attempt
  if (refusal.asks) return refuseAsking(parts, attempt, refusal, refusal.asks)
  const used = proof
    ? [consumeOnceStep(parts.storage.read, 'dpop', proof.replayKey, proof.expiresAt)]
    : []
  const done = await parts.storage.commit([...used, recordStep(parts, attempt, refusal)])
  if (done.committed) return refusal
  if (done.failed !== PROOF_STEP) throw new Error(`a refusal could not be recorded: ${done.failed}`)
  return refuseReplay(parts, attempt)
}

async function refuseReplay(parts: DecisionParts, attempt: Attempt): Promise<Refused> {
  const replayed = refused('proof.replayed', 'the proof was used before')
  await parts.storage.commit([recordStep(parts, attempt, replayed)])
  return replayed
}

async function refuseAsking(
  parts: DecisionParts,
  attempt: Attempt,
  { asks: _, ...refusal }: Refused,
  { insufficient, question }: NonNullable<Refused['asks']>,
): Promise<Refused> {
  const { proof } = attempt
  const answer = await parts.storage.transaction(async (tx) => {
    if (proof && !(await consumeOnce(tx, 'dpop', proof.replayKey, proof.expiresAt)))
      return undefined
    const attached = await attachQuestion(parts, tx, question, insufficient)
    if (attached.outcome === 'too_many_pending') {
      await parts.ledger.append(tx, recordOf(attempt, TOO_MANY))
      return TOO_MANY
    }
    const { request } = attached
    await parts.ledger.append(tx, { ...recordOf(attempt, refusal), requestId: request.id })
    return { ...refusal, members: { access_request: told(parts, request) } }
  })
  return answer ?? refuseReplay(parts, attempt)
}

const TOO_MANY = refused(
  'approval.too_many_pending',
  'the task waits for people in too many places already',
)

/** As for a call that people are asked about. */
function told({ issuer }: Pick<DecisionParts, 'issuer'>, request: AccessRequest) {
  const { expiresAt, id, state, taskId } = request
  return {
    ...{ id, state, url: `${issuer}/v1/tasks/${taskId}/requests/${id}` },
    page: `${issuer}/approvals/${id}`,
    expires_at: new Date(expiresAt).toISOString(),
  }
}

function recordStep(parts: DecisionParts, attempt: Attempt, refusal: Refused) {
  return parts.ledger.appendStep(recordOf(attempt, refusal))
}

function recordOf(attempt: Attempt, { reason }: Refused): LedgerEvent {
  return {
    ...attempt.about,
    type: isChallenge(reason) ? CHALLENGED : attempt.type,
    outcome: isChallenge(reason) ? 'challenged' : 'refused',
    reason,
    thumbprint: attempt.proof?.thumbprint,
    origin: { ip: attempt.ip },
  }
}
