import {
  consumeOnce,
  consumeOnceStep,
  Guard,
  type Reader,
  type Step,
  type Tx,
} from '../../platform/storage/index.ts'
import { holdTokenQuery } from '../issuers/index.ts'

/** Credential of one authentication, and how it is used up. */
export interface CredentialUse {
  readonly replayKey: string
  /** End of the credential, epoch milliseconds. */
  readonly expiresAt: number
  /** Agent that a platform's token belongs to: it may be shown again until it expires. `null`: the credential counts once. */
  readonly heldBy: string | null
}

const ASSERTION_GUARD = new Guard('unused assertion', [
  'assertion.replayed',
  'the client assertion was used before',
])
/** Fails for a platform's token that another agent showed before. */
export const HELD_TOKEN_GUARD = new Guard('held token', [
  'assertion.replayed',
  'another agent showed this token before',
])

/** Uses it up, or says whose it is, as a step of a `commit`. */
export function credentialStep(db: Reader, use: CredentialUse): Step {
  const { expiresAt, heldBy, replayKey } = use
  if (heldBy === null)
    return consumeOnceStep(db, ASSERTION_GUARD, { kind: 'assertion', key: replayKey, expiresAt })
  const query = holdTokenQuery(db, { digest: replayKey, agentId: heldBy, expiresAt })
  return { guard: HELD_TOKEN_GUARD, query, rows: 1 }
}

/** Does so within a transaction. @throws Problem `assertion.replayed`: used before, or another agent's */
export async function useCredential(tx: Tx, use: CredentialUse): Promise<void> {
  const { expiresAt, heldBy, replayKey } = use
  if (heldBy === null) {
    if (!(await consumeOnce(tx, 'assertion', replayKey, expiresAt))) throw ASSERTION_GUARD.problem()
    return
  }
  const query = holdTokenQuery(tx, { digest: replayKey, agentId: heldBy, expiresAt })
  const { numAffectedRows } = await tx.executeQuery(query.compile())
  if (numAffectedRows !== 1n) throw HELD_TOKEN_GUARD.problem()
}
