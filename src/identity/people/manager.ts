import type { Reader } from '../../platform/storage/index.ts'
import type { Person } from './person.ts'
import { findPerson, findPersonBySubject, findPersonsByEmail } from './person-store.ts'

/**
 * Finds a person's manager, as the attribute `manager` of their own provider names them: by subject,
 * or by an e-mail address that one person alone has. `undefined` where it names no known person,
 * or two people.
 * INVARIANT: a provider speaks of its own people only, so no person of another one is found.
 */
export async function managerOf(db: Reader, personId: string): Promise<Person | undefined> {
  const person = await findPerson(db, personId)
  const named = person?.attributes.manager
  if (!person || typeof named !== 'string') return undefined
  const bySubject = await findPersonBySubject(db, person.issuer, named)
  const byEmail = await findPersonsByEmail(db, named, person.issuer)
  const found = new Map([...(bySubject ? [bySubject] : []), ...byEmail].map((one) => [one.id, one]))
  const [only, another] = [...found.values()]
  return another || only?.id === person.id ? undefined : only
}
