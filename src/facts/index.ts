/**
 * Facts that grants and calls both look at, as of an epoch: who stands behind a task, what holds
 * for it, and the log of decisions.
 */
export {
  type AskedAuthority,
  type Authority,
  authorityWithin,
  isNothing,
  mayHandOn,
  withinAgent,
} from './authority.ts'
export { type Call, freeze, type Sent } from './call.ts'
export { authenticationOf, callable, factsAround } from './call-facts.ts'
export {
  type Case,
  CHALLENGED,
  type Finding,
  type KnownCase,
  openCase,
  type RecordedRequest,
  recordOf,
  rowOf,
} from './case.ts'
export { contextOf, contextsOf } from './context.ts'
export {
  correctQuery,
  type DecisionState,
  endQuery,
  findDecision,
  insertDecisionQuery,
  isSending,
  listDecisions,
  type StoredDecision,
  type StoredGate,
  type StoredOutcome,
  sendingAmong,
  sendingOf,
  sendingReplicas,
  strandedOf,
  unreported,
} from './decision-log/decision-store.ts'
export { inputsOf } from './decision-log/inputs.ts'
export { issuanceInputs, type JudgedIssuance } from './decision-log/judged.ts'
export { readRecorded } from './decision-log/read-recorded.ts'
export {
  eraseInputs,
  insertSettingQuery,
  type StoredInputs,
} from './decision-log/recorded-store.ts'
export {
  type DecidedAgain,
  decideAgain,
  type RecordedDecision,
  type Replayable,
  readSetting,
  replayInputs,
} from './decision-log/replay-inputs.ts'
export type { SettingFacts } from './decision-log/setting.ts'
export {
  agentEntity,
  groupEntities,
  personEntity,
  resourceEntity,
  spaceEntities,
} from './entities.ts'
export { type ApplicableLimits, Facts, type Setting } from './facts.ts'
export type { Identified, PresentedCredentials, TokenStatement } from './identified.ts'
export {
  alsoKeys,
  alsoLiveness,
  callKeys,
  certifiedAt,
  definitionGate,
  livenessNow,
  livenessOf,
  openingKeys,
  PAST_DEADLINE,
  settingLiveness,
} from './liveness.ts'
export { isSubject, minting, partiesOf, subjectOf } from './minting.ts'
export { eraseNotices } from './notices/notice-store.ts'
export { listNotices, noticeSteps } from './notices/notify.ts'
export { ownTokens, unusableBearer } from './own-tokens.ts'
export type { FactParts } from './parts.ts'
export { PROOF_STEP, proofStep } from './proof-step.ts'
export {
  CHALLENGE,
  type Challenge,
  challengeFor,
  codeOf,
  enoughFor,
  isChallenge,
  problemOr,
} from './reasons.ts'
export {
  type Bookkeeping,
  bookkeepingFor,
  bookkeepingForOpening,
  isStranger,
} from './refused-caller.ts'
export { intersecting, requesterOf, standsInTheWay, type Whereabouts } from './space-context.ts'
export { isKeyOf } from './task-key.ts'
