import { APPROVAL_SUGGESTION_OPERATIONS } from './acts/habits.ts'
import { POLICY_ANALYSIS_OPERATIONS } from './acts/policy.ts'
import { POLICY_SHADOW_OPERATIONS } from './acts/shadow.ts'

export type { ReplayReportJson } from './acts/replay.ts'

export const ANALYSIS_OPERATIONS = [
  ...POLICY_ANALYSIS_OPERATIONS,
  ...POLICY_SHADOW_OPERATIONS,
  ...APPROVAL_SUGGESTION_OPERATIONS,
]
