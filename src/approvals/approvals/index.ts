/** Answers of people: an approval, good for one execution, or an allowance, good for more. */

export { activeWord, releaseApproval } from './active-word.ts'
export { ALLOWANCE_LIMITS, type Allowance, type Choice } from './allowance/allowance.ts'
export { onlyOnce } from './allowance/choice.ts'
export { endAllAllowances, endAllowance, endAllowancesOf, findAllowance } from './allowance/end.ts'
export {
  allowanceApprovers,
  allowanceOfRequest,
  type ListedAllowance,
  listAllowances,
} from './allowance/list.ts'
export {
  ALLOWANCE_GUARD,
  usableAllowances,
  useAllowanceSteps,
} from './allowance/use.ts'
export { announcedOutcome, approvalAnnouncers } from './announce.ts'
export { answerRequest } from './answer.ts'
export { shownDigest, shownTo } from './answer-hash.ts'
export { type Consequence, listAnswers } from './answer-store.ts'
export { answeringOf, stillMissing } from './approvers.ts'
export { lastingApproval, liftedForTask } from './lifted.ts'
export { proofsFor } from './sign-answer.ts'
export { batchForm, signBatch } from './sign-batch.ts'
export {
  type Approval,
  type ApprovalLookup,
  returnSteps,
  USE_GUARD,
  usableApproval,
  useSteps,
} from './use.ts'
export { withdrawRequest } from './withdraw.ts'
