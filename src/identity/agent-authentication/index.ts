export type { AttestationChallenges } from './attestation/possession.ts'
export { POP_ALGORITHMS } from './attestation/possession.ts'
export { ATTESTED, writeShown } from './attestation/shown.ts'
export {
  type AuthenticatedAgent,
  authenticateAgent,
  authenticateClient,
  type ProspectiveClient,
} from './authenticate.ts'
export { authenticateByCertificate } from './authenticate-certificate.ts'
export { canProve, listCertificateNames } from './certificates/certificate-name-store.ts'
export { addCertificateName, removeCertificateName } from './certificates/change-names.ts'
export { type CredentialUse, credentialStep, useCredential } from './credential-use.ts'
export { verifyInVain } from './in-vain.ts'
export { ownAssertionRules, useOfOwnAssertion } from './own-key.ts'
export { findPublicClient } from './public-client.ts'
export { checkSignedBy } from './signed-by.ts'
