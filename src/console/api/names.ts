import { namesOfPersons } from '../../identity/people/index.ts'
import type { ApiParts } from './parts.ts'

/**
 * Names of people, looked up at once; `null` for who is none, such as what the server did by
 * itself.
 */
export async function personNames(
  { people }: Pick<ApiParts, 'people'>,
  ids: readonly (string | null)[],
): Promise<(id: string | null) => string | null> {
  const names = await namesOfPersons(
    people.storage.read,
    ids.filter((id) => id !== null),
  )
  return (id) => (id === null ? null : (names.get(id) ?? null))
}
