import type { Proof } from '../possession/index.ts'
import { consumeOnceStep, type Step } from '../storage/index.ts'
import type { FactParts } from './parts.ts'

/** Name of the guard that fails for a proof that was used before. */
export const PROOF_STEP = 'used dpop'

/** Uses up a proof in the commit of what it was shown for. */
export function proofStep(parts: Pick<FactParts, 'storage'>, proof: Proof): Step {
  return consumeOnceStep(parts.storage.read, 'dpop', proof.replayKey, proof.expiresAt)
}
