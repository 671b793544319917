/** Limits of what calls may take: a task's budget and standing limits; reserved before a call, settled after it. */
export {
  type AnswerPart,
  MAX_READ,
  type ReportedAmount,
  reportedAmount,
  saidAs,
} from './answered-amount.ts'
export { holdSpentCalls, insertCountsQuery } from './budget-store.ts'
export { misfitOfAnswers } from './check-answer-limits.ts'
export { limitsOver } from './counted-limits.ts'
export { budgetWithin } from './each-task.ts'
export type { Limit } from './limit.ts'
export { limitsOn } from './limit-store.ts'
export { type LimitStatus, NO_LIMITS, peekBudgets } from './peek-budget.ts'
export { readBudget } from './read-budget.ts'
export { removeLimit } from './remove-limit.ts'
export { setLimit } from './set-limit.ts'
export { type Settlement, settlementsOf, settleSteps } from './settle-budget.ts'
export { budgetUse, budgetUses, type LimitUse } from './show-budget.ts'
export { type ShownLimit, showLimits, showLimitsOver } from './show-limits.ts'
export {
  EVERYTHING,
  LIMITS,
  type LimitSubject,
  type StandingLimit,
  subjectsOf,
} from './standing-limit.ts'
export { BUDGET_GUARD, budgetSteps, giveBackSteps } from './take-budget.ts'
