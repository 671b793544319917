export type { AdmissionRule, KeyChange } from './admission/admission-rule.ts'
export { listAdmissionRules } from './admission/admission-store.ts'
export { admissionOf, admitAgentIn, isLetIn } from './admission/admit-agent.ts'
export { addAdmissionRule, removeAdmissionRule } from './admission/change-rules.ts'
export { redirectsStay } from './admission/redirects-stay.ts'
export type { Agent } from './agent.ts'
export { listKeys } from './agent-key-store.ts'
export { findAgent, findAgentOfClient, listAgents, listDated } from './agent-store.ts'
export { POP_ALGORITHMS } from './attestation/possession.ts'
export { ATTESTED, writeShown } from './attestation/shown.ts'
export { type Authenticated, authenticateAgent } from './authenticate.ts'
export { authenticateByCertificate } from './authenticate-certificate.ts'
export { canProve } from './authentication/can-prove.ts'
export { CERTIFICATE_NAMES, type CertificateName } from './authentication/certificate-name.ts'
export { listCertificateNames } from './authentication/certificate-name-store.ts'
export type { AttestationChallenges } from './authentication/challenges.ts'
export { findPublicClient } from './authentication/public-client.ts'

export { addCertificateName, removeCertificateName } from './certificates/change-names.ts'
export { linkClient, unlinkClient } from './change-clients.ts'
export { addKey, revokeKey } from './change-keys.ts'
export { setCeiling, setOwner, setTrust } from './change-limits.ts'
export { setNotifyAt } from './change-notify.ts'
export { resumeAgent, retireAgent, suspendAgent } from './change-status.ts'
export type { ClientDocument } from './client-metadata/client-document.ts'
export {
  agentIdOf,
  clientHost,
  isClientUrl,
  looksLikeClientUrl,
} from './client-metadata/client-url.ts'
export { selfOf } from './client-metadata/description.ts'
export { findDescription } from './client-metadata/description-store.ts'
export { isLoopbackRedirect } from './client-metadata/loopback.ts'
export { applicationTypeOf, checkRedirectUri } from './client-metadata/redirect-uri.ts'
export { membersOfTerms, readRequestTerms } from './client-metadata/request-terms.ts'
export type { SelfRegistered } from './client-metadata/self-registered.ts'
export { MAX_CLIENT_NAME, visibleLine } from './client-metadata/visible-line.ts'
export {
  CREDENTIAL_STEPS,
  type CredentialUse,
  credentialStep,
  useCredential,
} from './credential-use.ts'
export { ClientDocuments } from './documents/client-documents.ts'
export { keysOf as readClientKeys } from './documents/credentials.ts'
export { noticeDescription } from './documents/notice-change.ts'
export * from './issuers/index.ts'
export { ISSUERS_SEALED } from './issuers/sealed.ts'
export { isOverdue } from './lifecycle/overdue.ts'
export { recertifyAgent, setCertification } from './lifecycle/recertify.ts'
export { suspendByItself, suspendUncertified } from './lifecycle/suspend-by-itself.ts'
export { originOf, type VouchedBy, vouchedBy } from './origin.ts'
export type { AgentParts } from './parts.ts'
export { registerAgent } from './register.ts'
export { checkSignedBy } from './signed-by.ts'
