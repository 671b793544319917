import { Problem } from '../../platform/lib/problem.ts'
import {
  findPersonBySubject,
  findPersonsByEmail,
  type PeopleParts,
  type Person,
} from '../people/index.ts'
import { readProfile } from './profile.ts'
import { isNewcomer, type UnprovisionedPerson, unprovisionedFrom } from './unprovisioned-person.ts'

/** Settings for how an identity assertion of another organization says who a person is. */
export interface AssertedPersonSettings {
  readonly provider: string
  readonly subject: string
  readonly email: boolean
  readonly admits: boolean
}

/**
 * Finds the person for whom an assertion speaks, whose signature, issuer and times are checked
 * already: who signs in at `provider` under that subject; where it is said so, who has that address
 * there; or a new person, of whom nothing is written yet. Known people are not
 * changed: an assertion is about access, and says less than a sign-in does.
 * @throws Problem `grant.not_accepted` in the same words for all who are not found,
 * `person.suspended`, `person.bad_claims`
 */
export async function assertedPerson(
  parts: PeopleParts,
  claims: Readonly<Record<string, unknown>>,
  by: AssertedPersonSettings,
): Promise<Person | UnprovisionedPerson> {
  const profile = {
    ...readProfile(
      { ...claims, sub: claims[by.subject] },
      { issuer: by.provider, groupsClaim: '' },
    ),
    groupValues: undefined,
  }
  const { read } = parts.storage
  const person =
    (await findPersonBySubject(read, by.provider, profile.subject)) ??
    (by.email ? await byAddress(parts, claims, by) : undefined) ??
    (by.admits ? unprovisionedFrom(parts, profile) : undefined)
  if (!person) throw new Problem('grant.not_accepted', 'the assertion names an unknown person')
  if (!isNewcomer(person) && person.status !== 'active')
    throw new Problem('person.suspended', 'this person is suspended')
  return person
}

/** INVARIANT: an address names a person only among the people of that provider, where one alone has it, and never one called unverified. */
async function byAddress(
  { storage }: PeopleParts,
  { email, email_verified: verified }: Readonly<Record<string, unknown>>,
  { provider }: AssertedPersonSettings,
): Promise<Person | undefined> {
  if (typeof email !== 'string' || email === '' || verified === false) return undefined
  // Those of others do not count: an issuer that may bring people could take an address from a person by giving it to one more.
  const [only, another] = await findPersonsByEmail(storage.read, email, provider)
  return another ? undefined : only
}
