import type { ChangedReach, ReachOfChange } from '../../reach/index.ts'

/** Number of actions that one line names. */
const MAX_NAMED = 12

/**
 * Tells who could do what afterwards, a line each. A call needs a person who may, and an agent that
 * may.
 */
export function reachLines({ agents, cut, looked, people }: ReachOfChange): readonly string[] {
  const lines = [
    ...agents.flatMap(changedLines),
    ...peopleLines(people, 'gain').map(
      ([count, actions]) =>
        `${peopleWords(count, looked)} could do ${named(actions)}, and could not before`,
    ),
    ...peopleLines(people, 'lose').map(
      ([count, actions]) => `${peopleWords(count, looked)} could not do ${named(actions)} any more`,
    ),
  ]
  if (lines.length === 0 && !cut)
    return ['No one could do more or less than before; when people are asked may change']
  return cut ? [...lines, 'There are more agents and people than were looked at here'] : lines
}

/** Actions that as many people gain, or lose, in one line. */
function peopleLines(
  people: ReachOfChange['people'],
  change: 'gain' | 'lose',
): readonly (readonly [number, readonly string[]])[] {
  const by = Map.groupBy(people, (each) => each[change])
  by.delete(0)
  return [...by].map(([count, each]) => [count, each.map(({ action }) => action)] as const)
}

export function changedLines({ gains, loses, who }: ChangedReach): readonly string[] {
  return [
    ...(gains.length > 0 ? [`${who} could do ${named(gains)}, and could not before`] : []),
    ...(loses.length > 0 ? [`${who} could not do ${named(loses)} any more`] : []),
  ]
}

function named(actions: readonly string[]): string {
  const more = actions.length - MAX_NAMED
  return `${actions.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function peopleWords(count: number, looked: number): string {
  return `${count} of ${looked} ${looked === 1 ? 'person' : 'people'}`
}
