import { holdTokenQuery } from '../issuers/index.ts'
import { consumeOnce, consumeOnceStep, type Reader, type Step, type Tx } from '../storage/index.ts'

/** What an agent authenticated with, and how it is used up. */
export interface CredentialUse {
  readonly replayKey: string
  /** When it ends, epoch milliseconds. */
  readonly expiresAt: number
  /** Of a platform's token, which may be shown again until it ends: the agent whose it is. `null`: it is used once. */
  readonly heldBy: string | null
}

/** Names of the guards: used before, and shown before by another agent. */
export const CREDENTIAL_STEPS = { once: 'used assertion', held: 'held token' } as const

/** Uses it up, or says whose it is, as a step of a `commit`. */
export function credentialStep(db: Reader, use: CredentialUse): Step {
  const { expiresAt, heldBy, replayKey } = use
  if (heldBy === null) return consumeOnceStep(db, 'assertion', replayKey, expiresAt)
  const query = holdTokenQuery(db, { digest: replayKey, agentId: heldBy, expiresAt })
  return { name: CREDENTIAL_STEPS.held, query, rows: 1 }
}

/** The same within a transaction. False: it was used before, or is another agent's. */
export async function useCredential(tx: Tx, use: CredentialUse): Promise<boolean> {
  const { expiresAt, heldBy, replayKey } = use
  if (heldBy === null) return consumeOnce(tx, 'assertion', replayKey, expiresAt)
  const query = holdTokenQuery(tx, { digest: replayKey, agentId: heldBy, expiresAt })
  const { numAffectedRows } = await tx.executeQuery(query.compile())
  return numAffectedRows === 1n
}
