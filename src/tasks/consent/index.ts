/**
 * Grounds on which an agent may act for a person: bases, and the questions that people answer with
 * one.
 */
export { announceConsent } from './announce.ts'
export { answerConsent, type ConsentAnswer } from './answer-consent.ts'
export {
  type Basis,
  type BasisLimits,
  basisLimits,
  inForce,
  joinLimits,
  limitsOfLists,
  standsOn,
} from './basis.ts'
export {
  adminBases,
  BASES_GUARD,
  basesFor,
  basesOfAgent,
  basesOfPerson,
  findBasis,
  holdBasesStep,
  markBasisEnded,
} from './basis-store.ts'
export type { ConsentRequest } from './consent.ts'
export {
  countAskedInVain,
  expireConsents,
  pendingConsents,
  questionsBehind,
  readConsent as findConsent,
  timedConsents,
  withdrawConsent,
} from './consent-store.ts'
export { grantBasis, grantBasisIn } from './grant-basis.ts'
export {
  type ActionFacts,
  type ConsentChoice,
  consentChoices,
  groupOf,
  isRisky,
  isYes,
  knownIn,
  narrowed,
  ONLY_READING,
} from './narrowing.ts'
export {
  type ConsentAskResult,
  type ConsentQuestion,
  isDeniedNow,
  MAX_ASKED_AN_HOUR,
  requestConsent,
  wasAskedSince,
} from './request-consent.ts'
