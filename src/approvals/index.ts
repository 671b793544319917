/** Access requests: what people are asked, what they answer, and the one execution that an approval is good for. */
export type { AccessRequest, ApprovalAnswer, RequestState } from './access-request.ts'
export { answerRequest, type Given } from './answer.ts'
export { answerHash, shownDigest } from './answer-hash.ts'
export {
  type AskedAgain,
  type Asking,
  type Attached,
  attachAgain,
  attachRequest,
} from './attach.ts'
export { type Approver, isEligible, type MayAnswer, mayAnswer } from './eligibility.ts'
export { cancelRequests, expireRequests } from './end.ts'
export { callHash, type FrozenBody, type FrozenCall, frozenText } from './frozen-call.ts'
export { findRequest, listAnswers, listForApprover, listForPerson, listForTask } from './list.ts'
export type { ApprovalParts } from './parts.ts'
export {
  type Approval,
  returnSteps,
  USE_STEP,
  type UsableOrNot,
  usableApproval,
  useSteps,
} from './use.ts'
