export type {
  AdmissionRule,
  KeyChange,
  Proving,
  SelfRegistered,
} from './admission/admission-rule.ts'
export { listAdmissionRules } from './admission/admission-store.ts'
export {
  type Admission,
  admissionOf,
  admitAgentIn,
  isLetIn,
  NO_RULE,
} from './admission/admit-agent.ts'
export {
  addAdmissionRule,
  type RuleDescription,
  removeAdmissionRule,
} from './admission/change-rules.ts'
export { isLoopbackRedirect } from './admission/match-rule.ts'
export { redirectsStay } from './admission/redirects-stay.ts'
export type { Agent, AgentClient, AgentKey, AgentStatus, TrustLevel } from './agent.ts'
export { listKeys } from './agent-key-store.ts'
export {
  findAgent,
  findAgentOfClient,
  listAgents,
  listDated,
} from './agent-store.ts'
export type { AttestationChallenges } from './attestation/challenges.ts'
export { POP_ALGORITHMS } from './attestation/possession.ts'
export { ATTESTED, writeShown } from './attestation/shown.ts'
export {
  type Authenticated,
  type AuthenticatingParts,
  assertionReplayKey,
  authenticateAgent,
} from './authenticate.ts'
export { authenticateByCertificate } from './authenticate-certificate.ts'
export type { AgentCertificate } from './certificates/by-certificate.ts'
export { CERTIFICATE_NAMES, type CertificateName } from './certificates/certificate-name.ts'
export { listCertificateNames } from './certificates/certificate-name-store.ts'
export { addCertificateName, removeCertificateName } from './certificates/change-names.ts'
export { linkClient, unlinkClient } from './change-clients.ts'
export { addKey, revokeKey } from './change-keys.ts'
export { setCeiling, setOwner, setTrust } from './change-limits.ts'
export { setNotifyAt } from './change-notify.ts'
export { resumeAgent, retireAgent, type StatusChange, suspendAgent } from './change-status.ts'
export {
  CREDENTIAL_STEPS,
  type CredentialUse,
  credentialStep,
  useCredential,
} from './credential-use.ts'
export { applicationTypeOf, checkRedirectUri } from './describing/redirect-uri.ts'
export {
  membersOfTerms,
  type RequestTerms,
  readRequestTerms,
} from './describing/request-terms.ts'
export { LONGEST_CLIENT_NAME, visibleLine } from './describing/visible-line.ts'
export type { ClientDocument, ClientKey, ClientMethod } from './documents/client-document.ts'
export { ClientDocuments, type DocumentPolicy } from './documents/client-documents.ts'
export { agentIdOf, clientHost, isClientUrl, looksLikeClientUrl } from './documents/client-url.ts'
export { keysOf as readClientKeys } from './documents/credentials.ts'
export { type Description, selfOf } from './documents/description.ts'
export { findDescription } from './documents/description-store.ts'
export { type NoticingParts, noticeDescription } from './documents/notice-change.ts'
export * from './issuers/index.ts'
export { ISSUERS_SEALED } from './issuers/sealed.ts'
export { isOverdue } from './lifecycle/overdue.ts'
export { recertifyAgent, setCertification } from './lifecycle/recertify.ts'
export { suspendByItself, suspendUncertified } from './lifecycle/suspend-by-itself.ts'
export { type AgentOrigin, originOf, type VouchedBy, vouchedBy } from './origin.ts'
export type { AgentParts } from './parts.ts'
export { canProve } from './proving/can-prove.ts'
export { findPublicClient } from './proving/public-client.ts'
export { type Registration, registerAgent } from './register.ts'
export { checkSignedBy } from './signed-by.ts'
