/** Passkeys of people: enrolment, recovery, and signatures over what a page showed. */
export { announcePasskey } from './announce.ts'
export {
  type ChallengeTicket,
  challengeOf,
  issueChallenge,
  openTicket,
  type SignatureForm,
  signatureForm,
} from './challenge.ts'
export {
  anotherForm,
  type EnrolmentBasis,
  enrolmentBases,
  enrolmentForm,
  enrolPasskey,
  permitAnother,
  removePasskey,
} from './enrol.ts'
export {
  MAX_PASSKEYS,
  type Passkey,
  type PasskeyAct,
  type PasskeyParts,
  type PasskeyRecovery,
  type PasskeyRules,
  relyingPartyOf,
} from './passkey.ts'
export { passkeysOf, recoveryOf } from './passkey-store.ts'
export { permitRecovery, refuseRecovery } from './recovery.ts'
export {
  type PresentedSignature,
  useSignature,
  type VerifiedSignature,
  verifyPasskeySignature,
} from './verify-assertion.ts'
