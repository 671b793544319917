/**
 * Challenges of draft-ietf-oauth-attestation-based-client-auth section 6: every replica knows those that another one gave, and nothing
 * is stored. They say that a proof is fresh; that it is used once is for its own `jti`.
 */
export interface AttestationChallenges {
  /** What a proof is made with now. */
  now(): string
  holds(challenge: unknown): boolean
}
