/** Approvers at work: what a request says, one answer to several, denials that do more, who sees a request, when people are told of one, and figures about answers. */

export { type AnswerFigures, answerFigures } from './answer-figures.ts'
export {
  answerableBeside,
  answerBatch,
  type FindCompanions,
  formTogether,
  noCompanions,
  type RefusedAnswer,
  togetherWith,
} from './answer-together.ts'
export { type AnsweredCall, answeredRequests } from './answered-request-store.ts'
export { type CallRow, callRows, isUninspectable, jsonBody } from './call-rows.ts'
export { type ComparedMember, compareMembers } from './compare-members.ts'
export { denyRequest } from './deny-request.ts'
export { listMembers, MAX_MEMBERS } from './list-members.ts'
export { PREVIEW_SPAN_MS, type PreviewAnswer, unfetched } from './preview-answer.ts'
export { approversInWords, laterWords, ruleWords, standInsInWords } from './rule-words.ts'
export { timedQuestions } from './timed-questions.ts'
export { findVisibleRequest, needsPage, requireVisibleRequest } from './visible-request.ts'
