/** Memory of conversations in MCP: sealed ids and states, capabilities, limits, and what a replica knows of sessions. */
export { capabilityNames, declaredCapabilities, TASKS_CAPABILITY } from './capabilities.ts'
export { MCP_LIMITS, type McpLimits } from './limits.ts'
export { isLogLevel, isWanted, type LogLevel } from './log-level.ts'
export { McpSessions } from './mcp-sessions.ts'
export { openState, type SealedState, STATE_LIVES_MS, sealState } from './request-state.ts'
export { tellLevel } from './server-level.ts'
export {
  type McpConversation,
  readSessionId,
  type SessionConversation,
  sessionId,
} from './session-id.ts'
export {
  findLogging,
  forgetLogging,
  quietLogging,
  type SessionLogging,
  setLogging,
} from './session-logging.ts'
export { SpokenRevisions } from './spoken-revisions.ts'
export { MAX_SUBSCRIPTIONS, type ResourceSubscription, Subscriptions } from './subscriptions.ts'
