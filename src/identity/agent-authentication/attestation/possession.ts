import {
  CLOCK_SKEW_MS,
  fits,
  importPublicJwk,
  isAlgorithm,
  type PlainObject,
  type PublicKey,
  readCompact,
  readObject,
  verifySignature,
} from '../../../platform/jose/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import type { Clock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'

/**
 * Kind of proof of an instance's key: a JWT of its own, or the DPoP proof that the request has
 * anyway.
 */
export type PossessionKind = 'attestation_pop_jwt' | 'dpop_combined'

export interface Possession {
  readonly replayKey: string
  /** Until when the use has to be remembered, epoch milliseconds. */
  readonly expiresAt: number
}

const TYP: Readonly<Record<PossessionKind, string>> = {
  attestation_pop_jwt: 'oauth-client-attestation-pop+jwt',
  dpop_combined: 'dpop+jwt',
}
/** Algorithms of agents everywhere; keys of instances are made like theirs. */
export const POP_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA'] as const
const MAX_BYTES = 4096
const MAX_AGE_MS = MINUTE
const MAX_JTI = 256

/**
 * Checks whether the client has the key that an attestation names (sections 5.1 and 5.2 of the draft,
 * checks of sections 7.2 and 7.3): typed, signed by that key, for us, now, and to a challenge of
 * ours. What a DPoP proof is beside that, is checked where DPoP is.
 * @throws Problem `attestation.invalid`, `attestation.challenge_needed`
 */
export async function checkInstanceProof(
  { kind, proof }: { readonly kind: PossessionKind; readonly proof: string },
  instance: PublicKey,
  expect: {
    readonly issuer: string
    readonly clock: Clock
    readonly challenges: AttestationChallenges
  },
): Promise<Possession> {
  const { header, payload, signature, signingInput } = readCompact(proof, MAX_BYTES)
  const { alg } = header
  if (header.typ !== TYP[kind])
    throw invalidAttestation(`\`typ\` of the proof must be ${TYP[kind]}`)
  if (!isAlgorithm(alg) || !POP_ALGORITHMS.some((one) => one === alg) || !fits(alg, instance.key))
    throw invalidAttestation('the proof is not signed by a key of its instance')
  // INVARIANT: the key of the attestation signs; a DPoP proof names it too (section 5.2).
  if (kind === 'dpop_combined' && thumbprintOf(header.jwk) !== instance.thumbprint)
    throw invalidAttestation('the DPoP proof is not signed with the attested key')
  if (!(await verifySignature(alg, instance.key, signingInput, signature)))
    throw invalidAttestation('the proof is not signed with the attested key')
  const claims = readObject(payload, 'claims set')
  if (kind === 'attestation_pop_jwt' && claims.aud !== expect.issuer)
    throw invalidAttestation('the proof is for another audience')
  const iat = issuedAt(claims, expect.clock)
  const challenge = kind === 'attestation_pop_jwt' ? claims.challenge : claims.nonce
  if (!expect.challenges.holds(challenge))
    throw new Problem('attestation.challenge_needed', 'the proof contains no valid challenge')
  return {
    replayKey: sha256url(`attested\0${instance.thumbprint}\0${jtiOf(claims)}`),
    expiresAt: iat + MAX_AGE_MS + 2 * CLOCK_SKEW_MS,
  }
}

function thumbprintOf(jwk: unknown): string | undefined {
  try {
    return importPublicJwk(jwk).thumbprint
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

function issuedAt({ iat }: PlainObject, clock: Clock): number {
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat))
    throw invalidAttestation('the proof has no `iat`')
  const age = clock.now() - iat * 1000
  if (age < -CLOCK_SKEW_MS || age > MAX_AGE_MS)
    throw invalidAttestation('the proof is too old or from the future')
  return iat * 1000
}

function jtiOf({ jti }: PlainObject): string {
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI)
    throw invalidAttestation('the proof has no `jti`')
  return jti
}

export function invalidAttestation(detail: string, cause?: unknown): Problem {
  return new Problem('attestation.invalid', detail, { cause })
}

/**
 * Challenges of draft-ietf-oauth-attestation-based-client-auth section 6: every replica knows those that another one gave, and nothing
 * is stored. They say that a proof is fresh; that it is used once is for its own `jti`.
 */
export interface AttestationChallenges {
  /** Current challenge that a proof has to contain. */
  now(): string
  holds(challenge: unknown): boolean
}
