export { issueCliCode, redeemCliCode } from './cli-code.ts'
export { deleteCliCodesOf } from './cli-code-store.ts'
export {
  answerConfirmation,
  askConfirmation,
  CONFIRMATIONS_SEALED,
  readConfirmation,
  useConfirmation,
} from './confirmation/confirm.ts'
export type { SecretDigest, UsedConfirmation } from './confirmation/confirmation.ts'
export type { ChangeSummary, MeantChange } from './confirmation/confirmation-meaning.ts'
export { confirmationForm, isSignedOperation } from './confirmation/sign-confirmation.ts'
export { csrfToken, isCsrfToken } from './csrf.ts'
export { rememberEnded } from './ended-session.ts'
export { forgetSessions } from './forget.ts'
export { openSession } from './open-session.ts'
export { endSession, readSession } from './read-session.ts'
export { SESSION_LIFE_MS, type Session } from './session.ts'
export { deleteSessionsAt, deleteSessionsOf } from './session-store.ts'
export { createSetupLink, hasAdministrator, isSetupLink, redeemSetupLink } from './setup-link.ts'
export {
  isProvedWell,
  requireProved,
  type SignInProof,
  stepUpInWords,
  UNPROVED,
} from './step-up.ts'
export { resumePerson, suspendPerson } from './suspend-person.ts'
export { newToken, tokenDigest } from './token.ts'
