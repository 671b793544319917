import { type Expectation, OUTCOMES } from './case.ts'
import { BadFile, type YamlTree } from './tree.ts'

/** The names that a case gives to each of its three sides. */
export interface Sides {
  readonly persons: readonly string[]
  readonly agents: readonly string[]
  readonly actions: readonly string[]
}

const OTHERS = 'others'

/**
 * `permit`, `deny` or `asks` for all calls of the case, or a table: by the names of one side, and within by those of another.
 * Each name of a side has to stand in the table, or be among the `others`.
 */
export function readExpected(tree: YamlTree, sides: Sides): readonly Expectation[] {
  return readExpectation(tree, sides, {})
}

type ExpectationDetails = Omit<Expectation, 'outcome' | 'line'>

function readExpectation(
  tree: YamlTree,
  sides: Sides,
  narrowed: ExpectationDetails,
): readonly Expectation[] {
  if (tree.is === 'text') {
    const outcome = OUTCOMES.find((each) => each === tree.text)
    if (outcome) return [{ ...narrowed, outcome, line: tree.line }]
  }
  if (tree.is !== 'map') {
    const choices = OUTCOMES.map((each) => `\`${each}\``).join(', ')
    throw new BadFile(tree.line, `\`expect\` is one of ${choices}, or a table of them`)
  }
  const names = [...tree.members.keys()].filter((name) => name !== OTHERS)
  const side = sideOf(names, sides, narrowed)
  if (!side) {
    throw new BadFile(
      tree.line,
      `the table names ${names.map((name) => `\`${name}\``).join(', ')}: not all are of one side of this test`,
      `persons ${sides.persons.join(', ')}; agents ${sides.agents.join(', ')}; actions ${sides.actions.join(', ')}`,
    )
  }
  const all = { person: sides.persons, agent: sides.agents, action: sides.actions }[side]
  const left = all.filter((name) => !tree.members.has(name))
  if (left.length > 0 && !tree.members.has(OTHERS)) {
    throw new BadFile(tree.line, `the table does not say what is expected of \`${left[0]}\``)
  }
  // Named rows come before the others.
  const rows = names.map((name) => [{ ...narrowed, [side]: name }, tree.members.get(name)] as const)
  const others = tree.members.get(OTHERS)
  return [
    ...rows.flatMap(([within, value]) => (value ? readExpectation(value, sides, within) : [])),
    ...(others ? readExpectation(others, sides, narrowed) : []),
  ]
}

function sideOf(
  names: readonly string[],
  { actions, agents, persons }: Sides,
  narrowed: ExpectationDetails,
): 'person' | 'agent' | 'action' | undefined {
  const sides = { person: persons, agent: agents, action: actions } as const
  return (['person', 'agent', 'action'] as const).find(
    (side) =>
      narrowed[side] === undefined &&
      names.length > 0 &&
      names.every((name) => sides[side].includes(name)),
  )
}
