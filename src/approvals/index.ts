/** Answers of people: an approval, good for one execution, or an allowance, good for more. */

export { ALLOWANCE_LIMITS, type Allowance, type Choice } from './allowance/allowance.ts'
export { readAllowance } from './allowance/allowance-store.ts'
export { onlyOnce, readChoice } from './allowance/choice.ts'
export { endAllAllowances, endAllowance, endAllowancesOf, findAllowance } from './allowance/end.ts'
export {
  allowanceOfRequest,
  giversOf,
  type ListedAllowance,
  listAllowances,
} from './allowance/list.ts'
export { howsFor, type PatternMode, type PatternPart } from './allowance/pattern.ts'
export {
  ALLOWANCE_GUARD,
  returnAllowanceSteps,
  type UsableAllowance,
  usableAllowances,
  useAllowanceSteps,
} from './allowance/use.ts'
export { nameOf, patternInWords, saysOf } from './allowance/words.ts'
export { announceRequest } from './announce.ts'
export { answerRequest, stepUpsOf } from './answer.ts'
export { shownDigest } from './answer-hash.ts'
export { listAnswers } from './answer-store.ts'
export { stillMissing } from './approvers.ts'
export { lastingApproval, liftedForTask } from './lifted.ts'
export {
  type Approval,
  type ApprovalLookup,
  returnSteps,
  USE_GUARD,
  usableApproval,
  useSteps,
} from './use.ts'
export { withdrawRequest } from './withdraw.ts'
