import { checkProof, type Proof } from '../../../identity/possession/index.ts'
import type { GrantParts } from '../parts.ts'

/** Circumstances of a token request: proof, method, address, and where it came from. */
export interface TokenRequestContext {
  /** Every value of the header `DPoP`. */
  readonly proof: string | readonly string[] | undefined
  readonly method: string
  readonly url: string
  readonly origin: { readonly ip: string }
}

/** Checks the proof of a client that can prove possession; `undefined` of one that does not try. @throws Problem `proof.…` */
export async function readProof(
  parts: Pick<GrantParts, 'clock' | 'nonces'>,
  { proof, method, url }: TokenRequestContext,
): Promise<Proof | undefined> {
  if (proof === undefined || proof.length === 0) return undefined
  const nonce = parts.nonces?.checkFor(url, { at: 'token endpoint' })
  return checkProof(proof, { method, url, clock: parts.clock, nonce })
}
