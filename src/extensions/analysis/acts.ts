export { APPROVAL_SUGGESTION_OPERATIONS } from './acts/habits.ts'
export { POLICY_ANALYSIS_OPERATIONS } from './acts/policy.ts'
export type { ReplayReportJson } from './acts/replay.ts'
export { POLICY_SHADOW_OPERATIONS } from './acts/shadow.ts'
