import type { ReplayReportJson } from '../../api/index.ts'
import { indented } from '../../lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  joined,
  red,
  type Text,
  text,
  type Value,
  yellow,
} from '../../lib/terminal/text.ts'

/** A group of decisions that a draft would change, as the API says it. */
type DifferenceGroupJson = ReplayReportJson['groups'][number]

const TITLES = {
  denied: 'Newly denied',
  permitted: 'Newly permitted',
  asks: 'Newly asking',
} as const
const MARK = { denied: red('✗'), permitted: green('✓'), asks: yellow('●') } as const
const BECAUSE = {
  forbids: 'forbidden by',
  permits: 'permitted by',
  asks: 'people are asked by',
  no_longer_permits: 'no rule permits it; now it is permitted by',
  no_longer_forbids: 'no longer forbidden by',
  error: 'cannot be evaluated:',
} as const
const KINDS = ['denied', 'asks', 'permitted'] as const
/** The rest is in the answer for programs. */
const MAX_SHOWN = 20

/** Kind by kind: who, what, how often, why, and a few ids to look at. */
export function differenceLines(groups: readonly DifferenceGroupJson[]): readonly Value[] {
  return KINDS.flatMap((kind) => {
    const of = groups.filter((group) => group.kind === kind)
    if (of.length === 0) return []
    const shown = of.slice(0, MAX_SHOWN)
    const more = of.length - shown.length
    return [
      bold(TITLES[kind]),
      ...shown.flatMap(groupLines),
      ...(more > 0 ? [dim(`  and ${more} more groups: \`--json\` has them all`)] : []),
      '',
    ]
  })
}

function groupLines({
  action,
  agent,
  because,
  count,
  kind,
  rules,
  samples,
}: DifferenceGroupJson): Text[] {
  const why = BECAUSE[because]
  return indented([
    text`${MARK[kind]} ${bold(count)} × ${agent} ${action}`,
    ...indented([
      rules.length > 0
        ? text`${why} ${joined(rules, ', ')}`
        : text`${because === 'no_longer_permits' ? 'no rule permits it' : 'by no rule alone'}`,
      dim(text`e.g. ${joined(samples.slice(0, 3), '  ')}`),
    ]),
  ])
}
