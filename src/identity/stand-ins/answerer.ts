import { utcMinute } from '../../platform/lib/duration.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { findPerson, type Person } from '../people/index.ts'
import type { AbsentPerson } from './stand-in.ts'
import { peopleStoodInFor, standInsOf } from './stand-in-store.ts'

/** A person in the role in which they answer: their own, or in the place of a person who is away. */
export type Answerer = Person & { readonly standsInFor?: AbsentPerson }

/**
 * Lists the roles in which a person can answer, their own first.
 * INVARIANT: a stand-in answers for the person who named them, and never for those for whom that person stands in.
 */
export async function rolesOf<P extends { readonly id: string }>(
  db: Reader,
  person: P,
  now: number,
): Promise<(P & Pick<Answerer, 'standsInFor'>)[]> {
  const absent = await peopleStoodInFor(db, person.id, now)
  return [person, ...absent.map((standsInFor) => ({ ...person, standsInFor }))]
}

/** Lists people, each followed by those who stand in for them now. */
export async function withStandIns(
  db: Reader,
  people: readonly Person[],
  now: number,
): Promise<Answerer[]> {
  const ids = people.map(({ id }) => id)
  const standing = Map.groupBy(await standInsOf(db, ids, now), ({ personId }) => personId)
  const found = people.map(async (person) => {
    const standIns = (standing.get(person.id) ?? []).map(async ({ endsAt: until, standInId }) => {
      const standIn = await findPerson(db, standInId)
      return standIn ? [{ ...standIn, standsInFor: { ...person, until } }] : []
    })
    return [person, ...(await Promise.all(standIns)).flat()]
  })
  return (await Promise.all(found)).flat()
}

/** Puts a stand-in into words: `Boris, for Ada until 2026-12-04 00:00 UTC`; nothing for others. */
export function standInWords({ name, standsInFor }: Answerer): string[] {
  return standsInFor
    ? [`${name}, for ${standsInFor.name} until ${utcMinute(standsInFor.until)}`]
    : []
}
