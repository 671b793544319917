import type { SchemaKit, TypeOf } from '../../../console/operation-kit/operation.ts'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import type { Text, Value } from '../../../platform/lib/terminal/text.ts'

/** Decisions that a draft would change alike. */
export const Group = ({ Type }: SchemaKit) =>
  Type.Object({
    kind: Type.Enum(['denied', 'permitted', 'asks']),
    agent: Type.String(),
    action: Type.String(),
    rules: Type.Immutable(Type.Array(Type.String())),
    because: Type.Enum([
      'forbids',
      'permits',
      'asks',
      'no_longer_permits',
      'no_longer_forbids',
      'error',
    ]),
    count: Type.Integer(),
    samples: Type.Immutable(Type.Array(Type.String({ description: 'ids of decisions' }))),
  })

type DifferenceGroup = TypeOf<{ answer: ReturnType<typeof Group> }, 'answer'>

const TITLES = {
  denied: 'Newly denied',
  asks: 'Newly asking',
  permitted: 'Newly permitted',
} as const
const BECAUSE = {
  forbids: 'forbidden by',
  permits: 'permitted by',
  asks: 'people are asked by',
  no_longer_permits: 'no rule permits it; now it is permitted by',
  no_longer_forbids: 'no longer forbidden by',
  error: 'cannot be evaluated:',
} as const
/** The rest is in the answer for programs. */
const MAX_SHOWN = 20

/** Kind by kind: who, what, how often, why, and a few ids to look at. */
export function differenceLines(
  { groups, ungrouped }: { groups: readonly DifferenceGroup[]; ungrouped: number },
  terminal: Terminal,
): readonly Value[] {
  const { bold, dim } = terminal
  const lines = Object.entries(TITLES).flatMap(([kind, title]) => {
    const alike = groups.filter((group) => group.kind === kind)
    if (alike.length === 0) return []
    const more = alike.length - MAX_SHOWN
    return [
      bold(title),
      ...alike.slice(0, MAX_SHOWN).flatMap((group) => groupLines(group, terminal)),
      ...(more > 0 ? [dim(`  and ${more} more groups: \`--json\` has them all`)] : []),
      '',
    ]
  })
  return [...lines, ...(ungrouped > 0 ? [dim(`and ${ungrouped} in smaller groups`)] : [])]
}

function groupLines(group: DifferenceGroup, terminal: Terminal): readonly Text[] {
  const { action, agent, because, count, kind, rules, samples } = group
  const { bold, dim, green, indented, joined, red, text, yellow } = terminal
  const mark = { denied: red('✗'), permitted: green('✓'), asks: yellow('●') }[kind]
  const nobody = because === 'no_longer_permits' ? 'no rule permits it' : 'by no rule alone'
  return [
    text`  ${mark} ${bold(count)} × ${agent} ${action}`,
    ...indented(
      [
        rules.length > 0 ? text`${BECAUSE[because]} ${joined(rules, ', ')}` : text`${nobody}`,
        dim(text`e.g. ${joined(samples.slice(0, 3), '  ')}`),
      ],
      4,
    ),
  ]
}
