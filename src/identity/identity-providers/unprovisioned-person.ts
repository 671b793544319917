import { newId } from '../../platform/lib/id.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { PeopleParts, Person } from '../people/index.ts'
import { MAX_TEXT } from './plain-text.ts'
import type { Profile } from './profile.ts'
import { signInPerson } from './sign-in-person.ts'

/** A person whom another server names and who is not known here: as they would begin, in no group, before anything of it is written. */
export interface UnprovisionedPerson {
  readonly profile: Profile
  readonly person: Person
}

export function unprovisionedFrom(
  { clock, random }: Pick<PeopleParts, 'clock' | 'random'>,
  profile: Profile,
): UnprovisionedPerson {
  const { issuedAt, issuer, subject } = profile
  const email = profile.email ?? undefined
  const person: Person = {
    id: newId('person', random),
    issuer,
    subject,
    name: profile.name ?? email ?? subject.slice(0, MAX_TEXT),
    ...(email === undefined ? {} : { email }),
    groups: [],
    attributes: {},
    status: 'active',
    createdAt: clock.now(),
    lastSeenAt: issuedAt,
    confirmedAt: issuedAt,
  }
  return { profile, person }
}

export function isNewcomer(met: Person | UnprovisionedPerson): met is UnprovisionedPerson {
  return 'profile' in met
}

/** Makes the person, unless another request has meanwhile. `room` is taken in the same transaction; it throws where there is none. */
export function provisionPerson(
  parts: PeopleParts,
  { profile }: UnprovisionedPerson,
  brought: { readonly by: string; readonly room: (tx: Tx) => Promise<void> },
): Promise<Person> {
  return signInPerson(parts, { ...profile, groupValues: undefined }, brought)
}
