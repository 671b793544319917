import type { LedgerEvent } from '../../ledger/index.ts'
import { consumeOnceStep } from '../../storage/index.ts'
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

/** Records a refusal at the token endpoint and uses up its proof, in one transaction. */
export async function refuseOpening(
  parts: DecisionParts,
  attempt: Attempt,
  refusal: Refused,
): Promise<Refused> {
  const { proof } = attempt
  const used = proof
    ? [consumeOnceStep(parts.storage.read, 'dpop', proof.replayKey, proof.expiresAt)]
    : []
  const done = await parts.storage.commit([...used, recordStep(parts, attempt, refusal)])
  if (done.committed) return refusal
  if (done.failed !== PROOF_STEP) throw new Error(`a refusal could not be recorded: ${done.failed}`)
  const replayed = refused('proof.replayed', 'the proof was used before')
  await parts.storage.commit([recordStep(parts, attempt, replayed)])
  return replayed
}

function recordStep(parts: DecisionParts, attempt: Attempt, { reason }: Refused) {
  return parts.ledger.appendStep({
    ...attempt.about,
    type: isChallenge(reason) ? CHALLENGED : attempt.type,
    outcome: isChallenge(reason) ? 'challenged' : 'refused',
    reason,
    thumbprint: attempt.proof?.thumbprint,
    origin: { ip: attempt.ip },
  })
}
