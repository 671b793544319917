export { type Check, checkCall } from './check-call.ts'
export { eraseValues } from './erase.ts'
export {
  type Explanation,
  explain,
  type OperatorExplanation,
  type OperatorGate,
} from './explain.ts'
export {
  type ChangedReach,
  type ReachOfChange,
  reachOfAgent,
  reachOfPerson,
  reachOfPolicies,
} from './reach/changed-reach.ts'
export { whatCan } from './reach/what-can.ts'
export { type DeterminingRules, type PermittedAgent, whoCan } from './reach/who-can.ts'
export { replay } from './replay/replay.ts'
export type { ReplayReport } from './replay/replayer.ts'
export { setsOf } from './replay/sets-of.ts'
export { SHADOW, startShadow, stopShadow } from './shadow/change-shadow.ts'
export { Shadow } from './shadow/shadow.ts'
export { findDraft, latestDraft, readSeen, type ShadowDraft } from './shadow/shadow-store.ts'
export { type ApprovalHabit, approvalHabits, isHabitual } from './suggestions/habits.ts'
export { suggest } from './suggestions/suggest.ts'
export { suggestException } from './suggestions/suggest-exception.ts'
export { suggestPolicy } from './suggestions/suggest-policy.ts'
