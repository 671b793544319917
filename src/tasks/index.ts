/** Tasks: the unit of delegated work, what it stands on, and how it ends. */
export { answerConsent, type ConsentAnswer } from './answer-consent.ts'
export { type AuthorizationAnswer, answerAuthorization } from './authorization/answer.ts'
export type { Authorization } from './authorization/authorization.ts'
export {
  authorizationWaitingLike,
  findAuthorization,
  lastAllowed,
  nameAuthorizedTask,
  useAuthorizationStep,
} from './authorization/authorization-store.ts'
export { beginAuthorization, forgetOldAuthorizations } from './authorization/begin.ts'
export { allLimits, type Basis, type BasisLimits, basisLimits, limitsOfLists } from './basis.ts'
export { basesFor, basesOfAgent, basesOfPerson, findBasis } from './basis-store.ts'
export {
  type AnswerPart,
  MAX_READ,
  type ReportedAmount,
  saidAs,
  saidBy,
} from './budget/answered-amount.ts'

export { misfitOfAnswers } from './budget/check-answer-limits.ts'
export { closeSpent } from './budget/close-spent.ts'
export { limitsOver } from './budget/counted-limits.ts'
export { limitName } from './budget/limit-name.ts'
export { type LimitStatus, peekBudgets } from './budget/peek-budget.ts'
export { readBudget } from './budget/read-budget.ts'
export { type Settlement, settlementsOf, settleSteps } from './budget/settle-budget.ts'
export { budgetUse, budgetUses, type LimitUse } from './budget/show-budget.ts'
export {
  EVERYTHING,
  LIMITS,
  type LimitSubject,
  type StandingLimit,
  subjectsOf,
} from './budget/standing-limit.ts'
export { BUDGET_STEP, giveBackSteps, takeSteps } from './budget/take-budget.ts'
export { closeTask } from './close.ts'
export { closeAllTasks } from './close-all.ts'
export { type ConsentRequest, MAX_ASKED_AN_HOUR } from './consent.ts'
export {
  countAskedOf,
  pendingConsents,
  questionsBehind,
  readConsent as findConsent,
  withdrawConsent,
} from './consent-store.ts'
export { answerableUntil, type Deferral, FETCHED_WITHIN, type Flow, PAUSE } from './deferral.ts'
export {
  cancelAllDeferrals,
  claimDeferral,
  claimTelling,
  countWaiting,
  countWaitingFor,
  countWaitingOf,
  DEFERRAL_STEP,
  findByUserCode,
  findDeferral,
  findSameDeferral,
  forgetDeferrals,
  insertDeferral,
  markCancelled,
  nameTask,
  PACE_STEP,
  pollStep,
  type ResolvedDeferral,
  redeemDeferralStep,
  resolvedToTell,
  slowDownStep,
} from './deferral-store.ts'
export { expireTasks } from './expire.ts'
export {
  FOREIGN_STEP,
  findForeignTask,
  foreignTokenStep,
  forgetForeignTokens,
} from './foreign-token-store.ts'
export { endBasis, endConsentsOf, grantBasis } from './grant-basis.ts'
export { idleAgents, unusedClients } from './idle-agents-store.ts'
export { closeTasksIn, closeTasksOf, TaskKeeper } from './keep.ts'
export { budgetWithin } from './limits/each-task.ts'
export { limitsOn } from './limits/limit-store.ts'
export { removeLimit } from './limits/remove-limit.ts'
export { setLimit } from './limits/set-limit.ts'
export { type ShownLimit, showLimits, showLimitsOver } from './limits/show-limits.ts'
export { listTasks } from './list-tasks.ts'
export { BASES_STEP, KEY_STEP, openSteps, usableKeyStep } from './open.ts'
export type { TaskParts } from './parts.ts'
export { type ConsentAsked, type ConsentAsking, requestConsent } from './request-consent.ts'
export { endSponsorship } from './sponsor/end-sponsorship.ts'
export {
  answersFor,
  grantSponsorship,
  type Sponsorship,
  sponsorOnce,
} from './sponsor/grant-sponsorship.ts'
export { allowsAt, scheduleInWords, WEEKDAYS } from './sponsor/schedule.ts'
export {
  findSponsorGrantFor,
  type ShownSponsorship,
  showSponsorships,
} from './sponsor/show-sponsorship.ts'
export { grantInForce, type Rate, type SponsorGrant } from './sponsor/sponsor-grant.ts'
export {
  findSponsorGrant,
  GRANT_STEP,
  holdGrantSteps,
  listSponsorGrants,
  RATE_STEP,
} from './sponsor/sponsor-grant-store.ts'
export { resumeTask, suspendTask } from './suspend.ts'
export { checkPurpose, type Limit, type OpenedBy, TASK_LIFE, type Task } from './task.ts'
export type { TaskLineage } from './task-lineage.ts'
export {
  ancestorsOf,
  findTask,
  findTaskByKey,
  openTree,
  type TaskTree,
  treeOf,
  unclosedTasks,
} from './task-store.ts'
export { hasRoom, joinTreeSteps, LINE_STEP, ROOM_STEP, TREE_LIMITS } from './tree-store.ts'
export { voidTokens } from './void-tokens.ts'
