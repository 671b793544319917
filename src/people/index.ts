export {
  type AttributeName,
  type AttributeValue,
  entriesOf,
  isAttribute,
  PERSON_ATTRIBUTES,
  type PersonAttributes,
} from './attributes/attribute.ts'
export { readAttributeClaims } from './attributes/read-attributes.ts'
export { addMember, dropMember } from './change-members.ts'
export { issueCliCode, redeemCliCode } from './cli-code.ts'
export {
  answerConfirmation,
  askConfirmation,
  readConfirmation,
  useConfirmation,
} from './confirm.ts'
export type { Confirmed, SecretDigest } from './confirmation.ts'
export type { Meaning, MeantChange } from './confirmation-meaning.ts'
export { createBuiltInGroups, createGroup, listGroups } from './create-group.ts'
export { csrfToken, isCsrfToken } from './csrf.ts'
export { forgetEnded } from './forget.ts'
export { ADMINISTRATORS } from './group.ts'
export { mapGroup, unmapGroup } from './map-group.ts'
export { openSession } from './open-session.ts'
export type { PeopleParts } from './parts.ts'
export { isAdministrator, type Person } from './person.ts'
export {
  activePeopleOf,
  findPerson,
  findPersonBySubject,
  findPersonsByEmail,
  findPersonsCalled,
  listPersons,
  namesOfPersons,
} from './person-store.ts'
export { endSession, readSession } from './read-session.ts'
export { SESSION_LIFE_MS, type Session } from './session.ts'
export { createSetupLink, hasAdministrator, isSetupLink, redeemSetupLink } from './setup-link.ts'
export { assertedPerson } from './sign-in/asserted-person.ts'
export type { TriedSignIn } from './sign-in/complete.ts'
export type { IdentityProvider } from './sign-in/identity-provider.ts'

export { meetPerson } from './sign-in/meet-person.ts'
export { Providers } from './sign-in/providers.ts'
export { listProviders, registerProvider } from './sign-in/register-provider.ts'
export { PEOPLE_SEALED } from './sign-in/sealed.ts'
export { provedBy, type Subject } from './sign-in/subject-token.ts'
export { isNewcomer, type UnprovisionedPerson, welcome } from './sign-in/unprovisioned-person.ts'
export { signInPerson } from './sign-in-person.ts'
export { isProvedWell, type Proved, requireProved, stepUpInWords, UNPROVED } from './step-up.ts'
export { resumePerson, suspendPerson } from './suspend-person.ts'
