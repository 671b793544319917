import { problemOr } from '../../decision-log/index.ts'
import type { LedgerEvent } from '../../ledger/index.ts'
import { Problem } from '../../lib/problem.ts'
import { checkProof, type Proof } from '../../possession/index.ts'
import { type Refused, refused } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type Attempt, refuseOpening } from './refuse.ts'

/** How a token request came. */
export interface Presenting {
  /** Every value of the header `DPoP`. */
  readonly proof: string | readonly string[] | undefined
  readonly method: string
  readonly url: string
  readonly origin: { readonly ip: string }
}

/** The proof of a client that can prove possession; `undefined` of one that does not try. A bad one is a `Problem`. */
export async function readProof(
  parts: Pick<GrantParts, 'clock' | 'nonces'>,
  { proof, method, url }: Presenting,
): Promise<Proof | Problem | undefined> {
  if (proof === undefined || proof.length === 0) return undefined
  const nonce = parts.nonces?.checkFor(url, { at: 'token endpoint' })
  return problemOr(checkProof(proof, { method, url, clock: parts.clock, nonce }))
}

/** Refuses in one form: recorded, and the proof used up. */
export function refusing(
  parts: GrantParts,
  { origin }: Presenting,
  given: {
    readonly type: Attempt['type']
    readonly proof: Proof | Problem | undefined
    readonly about: Partial<LedgerEvent>
  },
): (refusal: Refused) => Promise<Refused> {
  const proof = given.proof instanceof Problem ? undefined : given.proof
  const attempt = { type: given.type, proof, about: given.about, ip: origin.ip }
  return (refusal) => refuseOpening(parts, attempt, refusal)
}

/**
 * What stands behind the grant is stopped or gone. One code for all of it, so that OAuth clients ask the person again
 * (`invalid_grant`) instead of registering anew (`invalid_client`).
 */
export function grantEnded(refusal: Refused): Refused {
  const { judged } = refusal
  return { ...refused('grant.ended', refusal.detail), ...(judged ? { judged } : {}) }
}
