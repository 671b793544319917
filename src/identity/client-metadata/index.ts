export { listAdmissionRules } from './admission/admission-store.ts'
export {
  admissionOf,
  admitAgentIn,
  admitByRule,
  agentOfClient,
  isLetIn,
  NO_RULE,
} from './admission/admit-agent.ts'
export { addAdmissionRule, removeAdmissionRule } from './admission/change-rules.ts'
export { redirectsStay } from './admission/redirects-stay.ts'
export { type ClientKey, MAX_CLIENT_NAME, visibleLine } from './client-document.ts'
export { selfOf, softwareDigest } from './description.ts'
export { findDescription } from './description-store.ts'
export { ClientDocuments } from './documents/client-documents.ts'
export { keysOf as readClientKeys } from './documents/credentials.ts'
export { noticeDescription } from './documents/notice-change.ts'
export {
  applicationTypeOf,
  checkRedirectUri,
  isLoopbackRedirect,
  isRegisteredRedirect,
} from './redirect-uri.ts'
export { membersOfTerms, readRequestTerms } from './request-terms.ts'
export type { SelfRegisteredClient } from './self-registered.ts'
