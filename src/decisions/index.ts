/** The only way from a call to an answer: identify → facts → decide → reserve → (the edge sends) → outcome. */
export { type AcceptedBreak, acceptBreak } from './accepting/accept-break.ts'
export { type Admission, type Admitted, admit } from './admission/admit.ts'
export { checkCaller } from './admission/check-caller.ts'
export { type Reach, reachOf } from './admission/reachable.ts'
export type { Call, Sent } from './call.ts'
export type { CallParts } from './call-parts.ts'
export { CALLS_SEALED } from './calls-sealed.ts'
export { type Check, type Checked, checkCall } from './checking/check-call.ts'
export { decideCall } from './decide-call.ts'
export {
  type DecisionFilter,
  findDecision,
  listDecisions,
  type StoredDecision,
} from './decision-store.ts'
export {
  askDirectly,
  type BackchannelRequest,
  refuseQuestion,
} from './deferring/ask-directly.ts'
export { cancelDeferral, isDeferralCode } from './deferring/cancel.ts'
export { isNotificationToken } from './deferring/defer.ts'
export { beginDevice, claimDevice } from './deferring/device.ts'
export type { Hint } from './deferring/hint.ts'
export { type Poll, type PollAnswer, pollDeferral } from './deferring/poll.ts'
export { keepTelling } from './deferring/tell.ts'
export { WaitingRoom } from './deferring/waiting-room.ts'
export { CallAnswering } from './evaluating/call-answering.ts'
export type { Asker, CallQuestion, EvaluatedCall } from './evaluating/question.ts'
export {
  cancelSubmitted,
  findSubmitted,
  type Submission,
  type Submitted,
  submitRequest,
} from './evaluating/submit-request.ts'
export {
  type ChangedReach,
  type ReachOfChange,
  reachOfAgent,
  reachOfPerson,
  reachOfPolicies,
} from './ever/changed-reach.ts'
export { whatCan } from './ever/what-can.ts'
export { type AbleAgent, type Means, whoCan } from './ever/who-can.ts'
export {
  type Explanation,
  explain,
  type OperatorExplanation,
  type OperatorGate,
} from './explain.ts'
export { addPoint, removePoint } from './external/configure.ts'
export { type DecisionPoint, TIMEOUT_MS } from './external/decision-point.ts'
export { selectPoints as listPoints } from './external/decision-point-store.ts'
export { DecisionPoints } from './external/decision-points.ts'
export { Facts } from './facts.ts'
export type { GrantParts } from './grant-parts.ts'
export { GRANTS_SEALED } from './grants-sealed.ts'
export { adviseStepUp } from './interactive/advise-step-up.ts'
export { askAboutCode, type CodeStanding, codeStanding } from './interactive/approved-code.ts'
export { locationsOf, readAskedDetails } from './interactive/asked.ts'
export { endWithSession } from './interactive/end.ts'
export { forgetUnusedClients } from './interactive/forget-clients.ts'
export type { InteractiveTokens } from './interactive/issue.ts'
export { type Offer, offerTo, type Standing } from './interactive/offer.ts'
export { provePushed } from './interactive/prove-pushed.ts'
export { type CodeRedemption, redeemCode } from './interactive/redeem-code.ts'
export { type Refreshing, refreshTokens } from './interactive/refresh.ts'
export { deregisterClient, describeClient } from './interactive/registered-client.ts'
export {
  type IntrospectionParts,
  identifyIntrospector,
  type PresentedCaller,
} from './introspecting/caller.ts'
export { introspect, introspectSigned } from './introspecting/introspect.ts'
export { IssuanceAnswering } from './issuance/asked/issuance-answering.ts'
export type {
  AskedParty,
  IssuanceAnswer,
  IssuanceQuestion,
  IssuanceRequest,
  IssuingAsker,
  Shaping,
  Tuple,
} from './issuance/asked/question.ts'
export {
  type Issued,
  issueResourceToken,
  type ResourceTokenRequest,
} from './issue-resource-token.ts'
export {
  type AssertionRequest,
  type IssuedAssertion,
  issueAssertion,
} from './issuing/issue-assertion.ts'
export { issueForSubject } from './issuing/issue-for-subject.ts'
export { replaceTransaction, type TransactionReplacement } from './issuing/replace-transaction.ts'
export { Dormancy } from './lifecycle/dormancy.ts'
export { suspendDormant } from './lifecycle/suspend-dormant.ts'
export { subjectOf } from './minting.ts'
export type { Notice } from './notices/notice.ts'
export { listNotices } from './notices/notify.ts'
export { openTask } from './open-task.ts'
export { issueTicket, type TicketRequest } from './opening/issue-ticket.ts'
export { openAsserted } from './opening/open-asserted.ts'
export { openChild } from './opening/open-child.ts'
export { openPublic } from './opening/open-public.ts'
export { openSponsored } from './opening/open-sponsored.ts'
export { openWorkload } from './opening/open-workload.ts'
export type {
  ChildOpening,
  Deferring,
  Opened,
  Opening,
  OpeningAnswer,
  Refused,
  SponsoredOpening,
} from './opening/opening.ts'
export { recordOutcome } from './outcome.ts'
export type { FactParts } from './parts.ts'
export { eraseValues } from './recorded/erase.ts'
export { findSetting, type StoredInputs } from './recorded/recorded-store.ts'
export {
  type DecidedAgain,
  decideAgain,
  type RecordedDecision,
  type Replayable,
  readSetting,
  replayInputs,
} from './recorded/replay-inputs.ts'
export type { SettingFacts } from './recorded/setting.ts'
export { keepRecovering, recover } from './recover.ts'
export { isRecorded, type Refusal, refusalOf } from './refusal.ts'
export { type Replay, replay } from './replaying/replay.ts'
export type { ReplayReport } from './replaying/replayer.ts'
export { setsOf } from './replaying/sets-of.ts'
export type { DifferenceGroup } from './replaying/tally.ts'
export { requireHolder, requireTask, type TaskCredential } from './require-task.ts'
export { revokeToken } from './revoke-token.ts'
export { LEVELS } from './risk/assess.ts'
export { forgetRisk } from './risk/forget.ts'
export { RiskBooks } from './risk/risk-books.ts'
export { endSignal, raiseSignal } from './risk/signals/raise-signal.ts'
export type { SignalSource } from './risk/signals/signal-source.ts'
export { listSignals, type StoredSignal, SUBJECT_KINDS } from './risk/signals/signal-store.ts'
export { addSource, identifySource, revokeSource } from './risk/signals/source.ts'
export { listSources } from './risk/signals/source-store.ts'
export { CallsInFlight } from './settling/calls-in-flight.ts'
export { endCall } from './settling/end-call.ts'
export type { Outcome } from './settling/outcome-record.ts'
export { ReservationQueue } from './settling/reservation-queue.ts'
export { settleOwn } from './settling/settle-own.ts'
export { SHADOW, startShadow, stopShadow } from './shadow/change-shadow.ts'
export { Shadow } from './shadow/shadow.ts'
export { findDraft, latestDraft, readSeen, type ShadowDraft } from './shadow/shadow-store.ts'
export { groundOf, mayContinue, stillLive } from './still-live.ts'
export { suggest } from './suggesting/suggest.ts'
export { type SuggestedPolicy, suggestPolicy } from './suggesting/suggest-policy.ts'
export type { Denied, Executed, Permitted, Requestable, Verdict } from './verdict.ts'
export { askAgain } from './waiting/ask-again.ts'
export { decideHeld } from './waiting/decide-held.ts'
export { heldGround, heldStands, heldUntil } from './waiting/held-call.ts'
export { keepForgetting, keepResult } from './waiting/kept-result.ts'
