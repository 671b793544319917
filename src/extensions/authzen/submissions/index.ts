/** Submissions of enforcement points: people are asked about denied evaluations, and the enforcement points are called back. */
export { type CallbackWish, SUBMISSIONS_SEALED } from './callbacks/callback.ts'
export { findCallback } from './callbacks/callback-store.ts'
export { callBackOnce, keepCallingBack } from './callbacks/send-callbacks.ts'
export { type CallbackParts, setCallback } from './callbacks/set-callback.ts'
export {
  type EvaluationRequest,
  type SubmissionResult,
  type SubmissionStatus,
  type SubmittedItem,
  statusOf,
} from './submission.ts'
export { SubmissionDesk } from './submission-desk.ts'
export { forgetEvaluated, submittedWith } from './submission-store.ts'
export { type Submission, type SubmissionItem, submitRequest } from './submit.ts'
export { cancelSubmitted, findSubmitted } from './submitted.ts'
