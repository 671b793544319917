/** May this token be: every way a task opens, and what is issued, refreshed, introspected and revoked for it. */

export { askAboutCode, codeStanding } from './code/approved-code.ts'
export { locationsOf, readAskedDetails } from './code/asked.ts'
export { endWithSession } from './code/end.ts'
export { forgetUnusedClients } from './code/forget-clients.ts'
export type { InteractiveTokens } from './code/issue.ts'
export { type ConsentOffer, offerTo } from './code/offer.ts'
export { provePushed } from './code/prove-pushed.ts'
export { redeemCode } from './code/redeem-code.ts'
export { refreshTokens } from './code/refresh.ts'
export { deregisterClient, describeClient } from './code/registered-client.ts'
export { askDirectly, refuseQuestion } from './deferral/ask-directly.ts'
export { cancelDeferral, isDeferralCode } from './deferral/cancel.ts'
export { beginDevice, claimDevice } from './deferral/device.ts'
export type { Hint } from './deferral/hint.ts'
export { type Poll, pollDeferral } from './deferral/poll.ts'
export { keepTelling } from './deferral/tell.ts'
export { WaitingRoom } from './deferral/waiting-room.ts'
export { Dormancy } from './dormancy.ts'
export { foreignIssuer, holdForeign } from './foreign-tokens/hold-foreign.ts'
export { adviseStepUp } from './issuance/advise-step-up.ts'
export { type IssuedAssertion, issueAssertion } from './issuance/issue-assertion.ts'
export { aboutTask, type Issued, issueResourceToken } from './issuance/issue-resource-token.ts'
export { replaceTransaction } from './issuance/replace-transaction.ts'
export type { Deferring, OpeningAnswer, Refused } from './opening.ts'
export { issueForSubject } from './openings/issue-for-subject.ts'
export { issueTicket } from './openings/issue-ticket.ts'
export { openTask } from './openings/open-task.ts'
export type { GrantParts } from './parts.ts'
export { isNotificationToken } from './pipeline/defer.ts'
export { requireHolder, requireTask, type TaskCredential } from './require-task.ts'
export { GRANTS_SEALED } from './sealed.ts'
export { suspendDormant } from './suspend-dormant.ts'
export { IssuanceAnswering } from './token-pdp/issuance-answering.ts'
export type {
  AskedParty,
  IssuanceAnswer,
  IssuanceQuestion,
  IssuanceRequest,
  Shaping,
  Tuple,
} from './token-pdp/question.ts'
export { introspect, introspectSigned } from './token-status/introspect.ts'
export {
  type IntrospectionParts,
  identifyIntrospector,
  type PresentedCaller,
} from './token-status/introspection-caller.ts'
export { revokeToken } from './token-status/revoke-token.ts'
