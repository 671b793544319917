/** Access requests: what people are asked, what they answer, and the one execution that an approval is good for. */

export type { AccessRequest, RequestState } from './access-request.ts'
export { ALLOWANCE_LIMITS, type Allowance, type Choice } from './allowance/allowance.ts'
export { readAllowance } from './allowance/allowance-store.ts'
export { onlyOnce, readChoice } from './allowance/choice.ts'
export { endAllAllowances, endAllowance, endAllowancesOf, findAllowance } from './allowance/end.ts'
export { type Leaf, leavesOf } from './allowance/leaf.ts'
export {
  allowanceOfRequest,
  giversOf,
  type ListedAllowance,
  listAllowances,
} from './allowance/list.ts'
export { exactly, type How, howsFor, type PatternPart } from './allowance/pattern.ts'
export {
  ALLOWANCE_STEP,
  returnAllowanceSteps,
  type UsableAllowance,
  usableAllowances,
  useAllowanceSteps,
} from './allowance/use.ts'
export { nameOf, patternInWords, saysOf } from './allowance/words.ts'
export { answerRequest, stepUpsOf } from './answer.ts'
export { shownDigest } from './answer-hash.ts'
export {
  attachAgain,
  attachQuestion,
  attachRequest,
  type FrozenQuestion,
  questionOf,
  type RequestDraft,
} from './attach.ts'
export { isEligible, mayAnswer } from './eligibility.ts'
export { cancel as cancelRequest, cancelRequests, expireRequests, voidRequests } from './end.ts'
export {
  approvedUntil,
  DENIAL_MS,
  type EvaluationDenial,
  type EvaluationRequest,
  KEPT_MS,
} from './evaluated.ts'
export {
  denialStep,
  findEvaluationRequest,
  forgetEvaluated,
  insertEvaluationRequest,
  readDenial,
} from './evaluated-store.ts'
export { callHash, type FrozenBody, type FrozenCall, frozenText } from './frozen-call.ts'
export { lastingApproval, liftedForTask } from './lifted.ts'
export {
  countForApprover,
  findRequest,
  type ListPage,
  listAnswers,
  listForApprover,
  listForPerson,
  listForTask,
} from './list.ts'
export type { ListedRequest } from './listed-request.ts'
export type { ApprovalParts } from './parts.ts'
export { standingOfCall } from './standing-of-call.ts'
export {
  type Approval,
  returnSteps,
  USE_STEP,
  type UsableOrNot,
  usableApproval,
  useSteps,
} from './use.ts'
