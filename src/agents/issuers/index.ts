/** Issuers of others that are trusted: workloads, access tokens, assertions of people. Everyone who needs one uses these. */
export { addIssuer } from './add-issuer.ts'
export { bringPerson } from './bring-person.ts'
export {
  type IssuerChange,
  resumeIssuer,
  revokeIssuer,
  setIssuerTerms,
  suspendIssuer,
} from './change-issuer.ts'
export { type ClaimTest, claimAt, claimPointer, holds, memberPointer } from './claim-test.ts'
export { identifyClient, workloadId } from './identify-workload.ts'
export { INTROSPECTED_FOR_MS } from './introspection.ts'
export type { Connect } from './issuer-keys.ts'
export { findIssuer, listIssuers, type StoredIssuer } from './issuer-store.ts'
export { type Expected, IssuerTrust, type VerifiedToken } from './issuer-trust.ts'
export type { IssuerParts } from './parts.ts'
export type { IssuerDescription, IssuerTerms } from './read-issuer.ts'
export { ISSUER_ALGORITHMS } from './read-keys.ts'
export {
  type AccessMapping,
  type AdmissionTerms,
  type DetailRule,
  type IdentityRule,
  ISSUER_USES,
  ISSUERS,
  type IssuerUse,
  issuerKey,
  type KeySource,
  type PeerMapping,
  type PeopleMapping,
  type Sponsored,
  type TrustedIssuer,
} from './trusted-issuer.ts'
export { atMostTrusted, vouchedFor, withinIssuers } from './within-issuer.ts'
export { forgetWorkloadTokens } from './workload-store.ts'
