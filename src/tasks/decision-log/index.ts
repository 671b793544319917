/** Decisions as they were made: rows, inputs to make them again from, and the reasons that they give. */
export { DecisionLists } from './decision-lists.ts'
export {
  callsInFlightOf,
  type DecisionState,
  findDecision,
  insertDecisionQuery,
  isSending,
  listDecisions,
  type StoredDecision,
  selectDecisions,
  sendingAmong,
  sendingOf,
  sendingReplicas,
  unreported,
} from './decision-store.ts'
export { correctQuery, deleteEndings, endQuery, fillDerived } from './ending-store.ts'
export { forgetListed } from './forget-listed.ts'
export { inputsOf } from './inputs.ts'
export { issuanceInputs, type JudgedIssuance } from './judged.ts'
export type { StoredGate } from './packed-explanation.ts'
export { readRecorded } from './read-recorded.ts'
export {
  CHALLENGE,
  CHALLENGED,
  type Challenge,
  challengeFor,
  codeOf,
  enoughFor,
} from './reasons.ts'
export { eraseInputs, insertSettingQuery, type StoredInputs } from './recorded-store.ts'
export {
  decideAgain,
  type RecordedDecision,
  type Replayable,
  type ReplayedDecision,
  readSetting,
  replayInputs,
} from './replay-inputs.ts'
export { RecordedSettings, type SettingFacts } from './setting.ts'
