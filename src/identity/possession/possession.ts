import { base64url } from '../../platform/lib/bytes.ts'
import type { Random } from '../../platform/lib/random.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { checkProof, type Proof, type ProofExpectation } from './dpop-proof.ts'

/** Confirmation of the key that a token is bound to (RFC 7800): a DPoP key, or a certificate. */
export type KeyConfirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** A certificate that a client showed at the TLS connection. */
export interface Certificate {
  readonly x5t: string
}

/** Proof of possession of a key, as a request brings it. */
export interface PossessionProof {
  /** Every value of the header `DPoP`. */
  readonly proof: string | readonly string[] | undefined
  readonly certificate?: Certificate | undefined
}

/** Certificates stand among thumbprints of keys, which have the same length and look the same. */
const CERTIFICATE = 'x5t#S256:'
const CONNECTION_MS = MINUTE

/** Answers the confirmation claim (`cnf`) of a token for the task's key. */
export function confirmationOf(thumbprint: string): KeyConfirmation {
  return thumbprint.startsWith(CERTIFICATE)
    ? { 'x5t#S256': thumbprint.slice(CERTIFICATE.length) }
    : { jkt: thumbprint }
}

/** The key that a token is bound to, as tasks name theirs. */
export function boundKeyOf(cnf: KeyConfirmation): string {
  return 'jkt' in cnf ? cnf.jkt : CERTIFICATE + cnf['x5t#S256']
}

/** RFC 8705 section 3: a token that is bound to a certificate is sent as `Bearer`. */
export function tokenTypeOf(thumbprint: string | null): 'DPoP' | 'Bearer' {
  return thumbprint === null || thumbprint.startsWith(CERTIFICATE) ? 'Bearer' : 'DPoP'
}

/**
 * Proves possession of a key: by a DPoP proof, or, where there is none, by the certificate of the connection (RFC 8705).
 * @throws Problem `proof.…`
 */
export async function checkPossession(
  { certificate, proof }: PossessionProof,
  expect: ProofExpectation & { readonly random: Random },
): Promise<Proof> {
  if (!certificate || (proof?.length ?? 0) > 0) return checkProof(proof, expect)
  return certificateProof(certificate, expect)
}

/**
 * Makes the proof of a connection. Nothing of a connection can be sent again elsewhere: the name
 * that is used up belongs to nothing else.
 */
export function certificateProof(
  { x5t }: Certificate,
  { clock, random }: Pick<ProofExpectation, 'clock'> & { readonly random: Random },
): Proof {
  return {
    thumbprint: CERTIFICATE + x5t,
    replayKey: base64url(random.bytes(32)),
    expiresAt: clock.now() + CONNECTION_MS,
  }
}
