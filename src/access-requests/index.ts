/** Access requests: frozen calls and openings that wait for people, who may answer, and how they end. */
export type { AccessRequest, Leaf, RequestState } from './access-request.ts'
export {
  attachAgain,
  attachQuestion,
  attachRequest,
  type FrozenQuestion,
  questionOf,
  type RequestDraft,
} from './attach.ts'
export {
  type IneligibilityReason,
  isEligible,
  isEnough,
  mayAnswer,
  missingApprovals,
} from './eligibility.ts'
export {
  cancel as cancelRequest,
  cancelRequests,
  expire,
  expireRequests,
  voidRequests,
} from './end.ts'
export { callHash, type FrozenCall, frozenParts, frozenText } from './frozen-call.ts'
export {
  countForApprover,
  findRequest,
  type ListPage,
  listForApprover,
  listForPerson,
  listForTask,
} from './list.ts'
export type { ListedRequest } from './listed-request.ts'
export type { ApprovalParts } from './parts.ts'
export { aboutRequest } from './record.ts'
export {
  endRequest,
  type RequestEnding,
  readRequest,
  requestsForCall,
  returnQuery,
  usedRequestsOf,
  useQuery,
} from './request-store.ts'
export { standingOf } from './standing.ts'
