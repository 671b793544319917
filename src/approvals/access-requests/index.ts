/** Access requests: frozen calls and openings that wait for people, who may answer, and how they end. */
export type { AccessRequest, Leaf } from './access-request.ts'
export { answeringIn } from './answerer.ts'
export {
  attachAgain,
  attachQuestion,
  attachRequest,
  type FrozenQuestion,
  questionOf,
} from './attach.ts'
export {
  isEligible,
  isEnough,
  missingApprovals,
} from './eligibility.ts'
export {
  cancel as cancelRequest,
  cancelRequests,
  expire,
  expireRequests,
  voidRequests,
} from './end.ts'
export { callHash, type FrozenCall, frozenText, readFrozen } from './frozen-call.ts'
export {
  countForApprover,
  findRequest,
  type ListPage,
  listForApprover,
  listForPerson,
  listForTask,
  listWaiting,
} from './list.ts'
export type { ListedRequest } from './listed-request.ts'
export type { ApprovalParts } from './parts.ts'
export { countPending } from './pending-quota-store.ts'
export { presentQuestion } from './present-question.ts'
export { aboutRequest } from './record.ts'
export {
  endRequest,
  markEdited,
  readAccessRequest,
  requestsForCall,
  returnQuery,
  timedRequests,
  usedRequestsOf,
  useQuery,
} from './request-store.ts'
export { standingOf } from './standing.ts'
