/** May this token be issued: the request, the policies on it, and tokens of an open task. */
export { adviseStepUp } from './advise-step-up.ts'
export {
  type Authority,
  type AuthorityRequest,
  authorityWithin,
  isNothing,
  withinAgent,
} from './authority.ts'
export { issuedWithin, mayIssueAt, type PeopleTerms } from './gate.ts'
export { checkHolder, type PresentedToken } from './holder.ts'
export {
  aboutTask,
  type GrantAt,
  grantAt,
  type IssuedToken,
  issueResourceToken,
} from './issue-resource-token.ts'
export { type IssuanceContext, issuingBy } from './issuing.ts'
export { incompleteAuthority, type MissingAuthority, missingOf, NOTHING } from './missing.ts'
export { openingQuestion } from './question.ts'
export {
  asRefused,
  type GrantRefusal,
  isRefused,
  problemFor,
  refused,
  refusedBy,
} from './refusal.ts'
export { type Attempt, refuseOpening } from './refuse.ts'
export { replaceTransaction } from './replace-transaction.ts'
export { requireHolder, requireTask, type TaskCredential } from './require-task.ts'
export { type IssuedAccess, resourceAccess } from './resource-access.ts'
export {
  checkSettled,
  detailsAt,
  grantedScope,
  readAskedAuthority,
  readLife,
  readLimits,
  readWanted,
} from './wanted.ts'
