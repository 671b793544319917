export type { AdmissionRule, SelfRegistered } from './admission/admission-rule.ts'
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
export type { Agent, AgentClient, AgentKey, AgentStatus, TrustLevel } from './agent.ts'
export { listKeys } from './agent-key-store.ts'
export { findAgent, listAgents } from './agent-store.ts'
export { type Authenticated, assertionReplayKey, authenticateAgent } from './authenticate.ts'
export { linkClient, unlinkClient } from './change-clients.ts'
export { addKey, revokeKey } from './change-keys.ts'
export { setCeiling, setOwner, setTrust } from './change-limits.ts'
export { setNotifyAt } from './change-notify.ts'
export { resumeAgent, retireAgent, type StatusChange, suspendAgent } from './change-status.ts'
export * from './issuers/index.ts'
export type { AgentParts } from './parts.ts'
export { type Registration, registerAgent } from './register.ts'
export { checkSignedBy } from './signed-by.ts'
