import type { Proof } from '../../identity/possession/index.ts'
import { consumeOnceStep, Guard, type Step } from '../../platform/storage/index.ts'
import type { Task } from '../tasks/index.ts'
import type { FactParts } from './parts.ts'

export const PROOF_GUARD = new Guard('unused proof', [
  'proof.replayed',
  'the proof was used before',
])

/** Uses up a proof in the commit of what it was shown for. */
export function proofStep(parts: Pick<FactParts, 'storage'>, proof: Proof): Step {
  const { expiresAt, replayKey: key } = proof
  return consumeOnceStep(parts.storage.read, PROOF_GUARD, { kind: 'dpop', key, expiresAt })
}

/**
 * Tells whether a token that is bound to this key can be one of the task; `null`: to none. Tokens
 * of a task that a code opened name their key themselves: a client that authenticates may refresh
 * with another than the one that its task began with (RFC 9449 section 5).
 */
export function isKeyOf(
  { keyThumbprint, openedBy }: Pick<Task, 'keyThumbprint' | 'openedBy'>,
  thumbprint: string | null,
): boolean {
  if (keyThumbprint === null || thumbprint === null) return keyThumbprint === thumbprint
  return keyThumbprint === thumbprint || openedBy === 'code'
}
