export {
  ATTRIBUTE_NAMES,
  type AttributeClaims,
  type AttributeName,
  type AttributeValue,
  entriesOf,
  isAttribute,
  PERSON_ATTRIBUTES,
  type PersonAttributes,
} from './attribute.ts'
export { addMember, dropMember } from './change-members.ts'
export { createBuiltInGroups, createGroup, listGroups } from './create-group.ts'
export {
  deleteMapping,
  groupExists,
  insertMapping,
  insertMember,
  mappedGroups,
  providerGroupsOf,
  removeMember,
  removeProviderMembers,
} from './group-store.ts'
export { keepingAdministrator } from './last-administrator.ts'
export { managerOf } from './manager.ts'
export { onCallOf, setOnCall } from './on-call.ts'
export type { PeopleParts } from './parts.ts'
export { ADMINISTRATORS, isAdministrator, type Person } from './person.ts'
export {
  activePeopleOf,
  changePersonStatus,
  dropAttributes,
  findPerson,
  findPersonBySubject,
  findPersonsByEmail,
  findPersonsCalled,
  hasActiveMember,
  insertPerson,
  listPersons,
  namesOfPersons,
  updateProfile,
} from './person-store.ts'
export { requireOwners, setOwners } from './set-owners.ts'
