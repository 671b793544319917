/** Descriptions of the operations. Nothing of the server is loaded with them. */
export { differenceLines } from './operations/differences.ts'
export { APPROVAL_SUGGESTIONS } from './operations/habits.ts'
export { POLICY_ANALYSIS } from './operations/policy.ts'
export { POLICY_SHADOW } from './operations/shadow.ts'
