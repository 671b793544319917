import { newId } from '../../platform/lib/id.ts'
import type { Change } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { refuseEnded } from '../ended-accounts/index.ts'
import {
  findPerson,
  findPersonBySubject,
  insertMember,
  insertPerson,
  mappedGroups,
  type PeopleParts,
  type Person,
  providerGroupsOf,
  removeMember,
  updateProfile,
} from '../people/index.ts'
import { changedBy, sameAttributes, speaksOfAll } from './change-attributes.ts'
import { MAX_TEXT } from './plain-text.ts'
import type { Profile } from './profile.ts'

/**
 * Brings what a provider says about a person into our books: makes the person at the first time, refreshes name, e-mail, attributes
 * and the groups that the provider's values map to (anything that it does not mention stays), and raises the person's epoch when anything a decision reads has
 * changed. Answers after every replica knows. The caller refuses a suspended person.
 * @throws Problem `person.ended`: their account was erased
 *
 * INVARIANT: older news never overrides newer. A token from before a person left a group must not bring the group back.
 */
export async function signInPerson(
  parts: PeopleParts,
  profile: Profile,
  brought?: Introduction,
): Promise<Person> {
  const { person, change } = await parts.storage.transaction(async (tx) => {
    const known = await findPersonBySubject(tx, profile.issuer, profile.subject)
    // INVARIANT: nothing new is written about a person whose account is being erased.
    if (known && (brought || known.status === 'ended')) return { person: known, change: undefined }
    if (!known) return { person: await create(parts, tx, profile, brought), change: undefined }
    if (profile.issuedAt < known.lastSeenAt) return { person: known, change: undefined }
    return refresh(parts, tx, known, profile)
  })
  if (change) await parts.live.settle(change)
  return person
}

/**
 * Introduction of a person not by a sign-in, but by the word of another party. A person who
 * is known already is not changed.
 */
interface Introduction {
  /** Name of the trusted issuer. */
  readonly by: string
  /** Takes the room for one more; throws where there is none. */
  readonly room: (tx: Tx) => Promise<void>
}

async function create(
  parts: PeopleParts,
  tx: Tx,
  profile: Profile,
  brought: Introduction | undefined,
): Promise<Person> {
  await refuseEnded(parts, tx, profile)
  await brought?.room(tx)
  const { issuer, subject } = profile
  const email = profile.email ?? undefined
  const name = profile.name ?? email ?? subject.slice(0, MAX_TEXT)
  const groups = await mappedGroups(tx, issuer, profile.groupValues ?? [])
  const person: Person = {
    id: newId('person', parts.random),
    issuer,
    subject,
    name,
    ...(email === undefined ? {} : { email }),
    groups,
    attributes: changedBy({}, profile.attributes),
    status: 'active',
    createdAt: parts.clock.now(),
    lastSeenAt: profile.issuedAt,
    confirmedAt: profile.issuedAt,
  }
  const groupsSeenAt = profile.groupValues === undefined ? null : profile.issuedAt
  const attributesSeenAt = profile.attributes === undefined ? null : profile.issuedAt
  await insertPerson(tx, { ...person, groupsSeenAt, attributesSeenAt })
  for (const group of groups) await insertMember(tx, person.id, group, 'provider')
  await parts.live.begin(tx, { kind: 'person', id: person.id })
  await parts.ledger.append(tx, {
    type: 'person.created',
    person: person.id,
    facts: { issuer, groups, ...(brought ? { brought_by: brought.by } : {}) },
    private: { subject, name, ...(email === undefined ? {} : { email }), ...person.attributes },
  })
  return person
}

async function refresh(
  parts: PeopleParts,
  tx: Tx,
  known: Person,
  profile: Profile,
): Promise<{ person: Person; change: Change | undefined }> {
  const { name = known.name } = profile
  const email = profile.email === undefined ? known.email : (profile.email ?? undefined)
  const attributes = changedBy(known.attributes, profile.attributes)
  await updateProfile(tx, {
    id: known.id,
    attributes,
    attributesSeen: speaksOfAll(known.attributes, profile.attributes),
    name,
    email,
    lastSeenAt: profile.issuedAt,
    groupsSeen: profile.groupValues !== undefined,
  })
  const { added, removed } = await refreshGroups(tx, known, profile)
  const renamed =
    known.name !== name || known.email !== email || !sameAttributes(known.attributes, attributes)
  const person = (await findPerson(tx, known.id)) ?? known
  if (!renamed && added.length + removed.length === 0) return { person, change: undefined }
  await parts.ledger.append(tx, {
    type: 'person.changed',
    person: known.id,
    facts: { added, removed },
    ...(renamed
      ? { private: { name, ...(email === undefined ? {} : { email }), ...attributes } }
      : {}),
  })
  return { person, change: await parts.live.raise(tx, [{ kind: 'person', id: known.id }]) }
}

/** Makes the memberships from the provider equal to what its values map to. No claim at all changes nothing. */
async function refreshGroups(
  tx: Tx,
  known: Person,
  { issuer, groupValues }: Profile,
): Promise<{ added: string[]; removed: string[] }> {
  if (groupValues === undefined) return { added: [], removed: [] }
  const before = await providerGroupsOf(tx, known.id)
  const after = await mappedGroups(tx, issuer, groupValues)
  const added = after.filter((group) => !before.includes(group))
  const removed = before.filter((group) => !after.includes(group))
  for (const group of added) await insertMember(tx, known.id, group, 'provider')
  for (const group of removed) await removeMember(tx, known.id, group, 'provider')
  return { added, removed }
}
