export { addIssuer } from './add-issuer.ts'
export { resumeIssuer, revokeIssuer, setIssuerTerms, suspendIssuer } from './change-issuer.ts'
export { type ClaimTest, claimAt, claimPointer, holds } from './claim-test.ts'
export type { VerifiedToken } from './foreign-token.ts'
export { identifyClient, identifyWorkload } from './identify-workload.ts'
export { agentWithinIssuers, boundByIssuers, trustWithinIssuers } from './issuer-constraints.ts'
export { findIssuer, ISSUERS_SEALED, listIssuers, type StoredIssuer } from './issuer-store.ts'
export { IssuerTrust } from './issuer-trust.ts'
export { provisionAssertedPerson } from './provision-asserted-person.ts'
export type { IssuerTerms } from './read-issuer.ts'
export { ISSUER_ALGORITHMS } from './read-keys.ts'
export {
  type DetailRule,
  type IdentityRule,
  ISSUERS,
  type IssuerParts,
  isSpiffeId,
  issuerKey,
  type KeySource,
  type SponsorshipTerms,
  type TrustedIssuer,
} from './trusted-issuer.ts'
export { forgetWorkloadTokens, holdTokenQuery } from './workload-store.ts'
