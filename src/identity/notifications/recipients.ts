import type { Reader } from '../../platform/storage/index.ts'
import { findPerson, listPersons, type Person } from '../people/index.ts'
import { MAX_RECIPIENTS } from './announcement.ts'

/**
 * Finds the active people whom names of rules mean (`group:finance`, `person:psn_…`), each once. Of a group with more than
 * `MAX_RECIPIENTS` members the first by name.
 */
export async function peopleCalled(read: Reader, names: readonly string[]): Promise<Person[]> {
  const found = await Promise.all([...new Set(names)].map((name) => called(read, name)))
  const people = new Map(found.flat().map((person) => [person.id, person]))
  return [...people.values()].filter(({ status }) => status === 'active')
}

/** Groups among names of rules. */
export function groupsCalled(names: readonly string[]): string[] {
  const groups = names.filter((name) => name.startsWith('group:'))
  return [...new Set(groups)].map((name) => name.slice('group:'.length))
}

async function called(read: Reader, name: string): Promise<readonly Person[]> {
  if (name.startsWith('group:'))
    return listPersons(read, { limit: MAX_RECIPIENTS, group: name.slice('group:'.length) })
  const person = await findPerson(read, name.replace(/^person:/, ''))
  return person ? [person] : []
}
