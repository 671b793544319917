import { ATTRIBUTE_NAMES } from '../people/index.ts'

/** Facts that tokens of a resource can say beside ours, by their names. */
export const CLAIM_SOURCES: readonly string[] = [
  ...['person.groups', 'person.name', 'person.email'],
  ...ATTRIBUTE_NAMES.map((name) => `person.attributes.${name}`),
  ...['space.id', 'space.title', 'thread.id', 'thread.name'],
  ...['agent.trust', 'agent.owner', 'sponsor.subject'],
]

const NAMING: ReadonlySet<string> = new Set([
  ...['person.name', 'person.email', 'person.attributes.manager'],
  ...['agent.owner', 'sponsor.subject'],
])

/** Tells whether a source says who people are elsewhere: not for an API where they have a name of their own. */
export function namesPeople(source: string): boolean {
  return NAMING.has(source)
}
