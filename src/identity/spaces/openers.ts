import { isId, isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { SpaceLine } from './space.ts'

const MAX = 200

/**
 * Tells whether tasks may be opened here for this person, by this agent. Every space of the line
 * that says something has to let both in, and some space has to say something about each: a space line without
 * a rule is open to no one.
 */
export function mayOpen(
  line: SpaceLine,
  person: { readonly id: string; readonly groups: readonly string[] },
  agentId: string,
): 'yes' | 'person' | 'agent' {
  const means = (name: string) =>
    name.startsWith('group:')
      ? person.groups.includes(name.slice('group:'.length))
      : name === `person:${person.id}`
  if (!allLetIn(line, 'people', (list) => list.some(means))) return 'person'
  return allLetIn(line, 'agents', (list) => list.includes(agentId)) ? 'yes' : 'agent'
}

function allLetIn(
  line: SpaceLine,
  which: 'people' | 'agents',
  letsIn: (list: readonly string[]) => boolean,
): boolean {
  const lists = line.map((space) => space[which]).filter((list) => list !== null)
  return lists.length > 0 && lists.every(letsIn)
}

/** `group:name` and `person:psn_…`. @throws Problem `space.bad` */
export function readOpenerNames(list: readonly string[]): readonly string[] {
  return readOpeners(list, 'people', (name) => {
    const [kind, value] = name.split(':', 2)
    return (
      name === `${kind}:${value}` &&
      (kind === 'group' ? isName(value) : kind === 'person' && isId('person', value))
    )
  })
}

/** Names of agents. @throws Problem `space.bad` */
export function readAgents(list: readonly string[]): readonly string[] {
  return readOpeners(list, 'agents', isName)
}

function readOpeners(
  list: readonly string[],
  what: string,
  isOne: (name: string) => boolean,
): readonly string[] {
  const wrong = list.find((name) => !isOne(name))
  if (wrong !== undefined)
    throw new Problem('space.bad', `\`${what}\`: \`${wrong}\` does not exist`)
  if (list.length > MAX) throw new Problem('space.bad', `\`${what}\`: ${MAX} at most`)
  return [...new Set(list)].sort()
}
