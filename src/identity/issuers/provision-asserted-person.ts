import { Problem } from '../../platform/lib/problem.ts'
import { provisionPerson, type UnprovisionedPerson } from '../identity-providers/index.ts'
import type { PeopleParts, Person } from '../people/index.ts'
import { reserveProvisioning } from './issuer-store.ts'

/**
 * Provisions a person by the assertion of a trusted issuer, which has a limit of people in all, and in an hour.
 * @throws Problem `issuer.people_full`, `issuer.people_too_fast`, `person.suspended`
 */
export async function provisionAssertedPerson(
  parts: PeopleParts,
  issuer: string,
  newcomer: UnprovisionedPerson,
): Promise<Person> {
  const person = await provisionPerson(parts, newcomer, {
    by: issuer,
    room: (tx) => reserveProvisioning(tx, issuer, parts.clock.now()),
  })
  if (person.status !== 'active') throw new Problem('person.suspended', 'this person is suspended')
  return person
}
