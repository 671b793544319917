import type { ChangedReach, ReachOfChange } from '../../decisions/index.ts'

/** How many actions one line names. */
const MAX_NAMED = 12

/** Who could do what afterwards, a line each. A call needs a person who may, and an agent that may. */
export function reachLines({ agents, cut, looked, people }: ReachOfChange): readonly string[] {
  const lines = [
    ...agents.flatMap(changedLines),
    ...people.flatMap(({ action, gain, lose }) => [
      ...(gain > 0
        ? [`${peopleWords(gain, looked)} could do ${action}, and could not before`]
        : []),
      ...(lose > 0 ? [`${peopleWords(lose, looked)} could not do ${action} any more`] : []),
    ]),
  ]
  if (lines.length === 0 && !cut)
    return ['Nobody could do more or less than before; when people are asked may change']
  return cut ? [...lines, 'There are more agents and people than were looked at here'] : lines
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
