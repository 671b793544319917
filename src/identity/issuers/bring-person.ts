import { Problem } from '../../platform/lib/problem.ts'
import { type UnprovisionedPerson, welcome } from '../identity-providers/index.ts'
import type { PeopleParts, Person } from '../people/index.ts'
import { takePersonRoom } from './issuer-store.ts'

/**
 * Somebody becomes a person by the word of a trusted issuer, which may bring so many of them, and so many in an hour.
 * @throws Problem `issuer.people_full`, `issuer.people_too_fast`, `person.suspended`
 */
export async function bringPerson(
  parts: PeopleParts,
  issuer: string,
  newcomer: UnprovisionedPerson,
): Promise<Person> {
  const person = await welcome(parts, newcomer, {
    by: issuer,
    room: (tx) => takePersonRoom(tx, issuer, parts.clock.now()),
  })
  if (person.status !== 'active') throw new Problem('person.suspended', 'this person is suspended')
  return person
}
