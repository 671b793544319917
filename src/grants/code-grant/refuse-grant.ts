import type { Proof } from '../../identity/possession/index.ts'
import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { GrantParts, TokenRequestContext } from '../grants/index.ts'
import {
  type Attempt,
  type GrantRefusal,
  isRefused,
  refused,
  refuseOpening,
} from '../issuance/index.ts'

/** Refuses in one form: recorded, and the proof used up. */
export function refusing(
  parts: GrantParts,
  { origin }: TokenRequestContext,
  given: {
    readonly type: Attempt['type']
    readonly proof: Proof | GrantRefusal | undefined
    readonly about: Partial<LedgerEvent>
  },
): (refusal: GrantRefusal) => Promise<GrantRefusal> {
  const proof = isRefused(given.proof) ? undefined : given.proof
  const attempt = { type: given.type, proof, about: given.about, ip: origin.ip }
  return (refusal) => refuseOpening(parts, attempt, refusal)
}

/**
 * Refuses because something that the grant stands on is stopped or gone. One code for all of it, so
 * that OAuth clients ask the person again (`invalid_grant`) instead of registering again
 * (`invalid_client`).
 */
export function grantEnded(refusal: GrantRefusal): GrantRefusal {
  const { judged } = refusal
  return { ...refused('grant.ended', refusal.detail), ...(judged ? { judged } : {}) }
}
