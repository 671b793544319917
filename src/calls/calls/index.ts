/** May this call go: identify → facts → decide → reserve → (the edge sends) → outcome. */
export { acceptBreak } from './accept-break.ts'
export { type AdmittedRequest, admit } from './admission/admit.ts'
export { checkCaller } from './admission/check-caller.ts'
export { type Reach, reachOf } from './admission/reachable.ts'
export { readmit } from './admission/readmit.ts'
export { announcersOf } from './announcers.ts'
export { runCalls } from './background.ts'
export { decideCall } from './decide-call.ts'
export { decidePreview } from './decide-preview.ts'
export type { AnsweredRequest } from './evaluation/answered-request.ts'
export { CallAnswerer } from './evaluation/call-answering.ts'
export {
  approvedUntil,
  DENIAL_MS,
  type EvaluationDenial,
  type PeopleDesk,
  type SubmittedQuestion,
} from './evaluation/people-desk.ts'
export type { CallQuestion, EvaluatedCall } from './evaluation/question.ts'
export { footingHooks, footingOf, stillStands } from './footing.ts'
export { askAgain } from './held-calls/ask-again.ts'
export { decideHeld } from './held-calls/decide-held.ts'
export { DeferredCall } from './held-calls/deferred-call.ts'
export { heldRequest } from './held-calls/held-call.ts'
export { CALLS_SEALED, keepResult, readResult } from './held-calls/kept-result.ts'
export {
  type ActionNames,
  type CallerToken,
  type EvaluatedSubject,
  type ExternalPoints,
  NO_POINTS,
} from './judgment/external-points.ts'
export { eraseNotices } from './notices/notice-store.ts'
export { listNotices } from './notices/notify.ts'
export { recordOutcome } from './outcome.ts'
export type { CallParts } from './parts.ts'
export { recordDecided } from './record-decided.ts'
export { recover } from './recover.ts'
export { isRecorded, tellRefusal } from './refusal.ts'
export { CallsInFlight } from './settlement/calls-in-flight.ts'
export { endCall } from './settlement/end-call.ts'
export { ReservationQueue } from './settlement/reservation-queue.ts'
export { dependencyViews, mayContinue, stillLive } from './still-live.ts'
export type { Verdict } from './verdict.ts'
export { type CallObserver, UNCOUNTED, type Watcher } from './watcher.ts'
