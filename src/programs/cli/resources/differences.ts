import { aligned, indented } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  red,
  type Text,
  text,
  type Value,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import { moment } from '../../../platform/lib/terminal/time.ts'
import type { AnswerOf } from '../server/operation-types.ts'

/** A definition that is offered and not accepted yet, as the management API shows it. */
export type DefinitionOffer = AnswerOf<'GET', '/resources/:name/changes'>['changes'][number]
type DifferenceJson = DefinitionOffer['differences'][number]

/** Maximum length of one value; a longer one is cut, and `--json` has it whole. */
const MAX_CHARACTERS = 2_000

export function offeredLines(name: string, changes: readonly DefinitionOffer[]): readonly Value[] {
  if (changes.length === 0) return [text`${green('✓')} ${bold(name)} is as it was reviewed`]
  return changes.flatMap((offered, i) => [...(i === 0 ? [] : ['']), ...oneLines(offered)])
}

function oneLines(offered: DefinitionOffer): readonly Value[] {
  const { action, kind, source, state, unreadable } = offered
  const what =
    kind === 'changed' ? 'changed: no calls are permitted' : 'is new: it cannot be called'
  const from = source === 'server' ? 'by the server itself' : 'by an import'
  const since = offered.reviewed_at === null ? '' : `, reviewed ${moment(offered.reviewed_at)}`
  return [
    text`${kind === 'changed' ? yellow('~') : green('+')} ${bold(action)} ${what}${state === 'rejected' ? red(' (rejected)') : ''}`,
    dim(text`  offered ${from} ${moment(offered.offered_at)}${since}`),
    ...(unreadable === null ? [] : [red(text`  ${unreadable}`)]),
    ...indented(differenceLines(offered.differences)),
    ...(kind === 'changed' && unreadable === null && offered.differences.length === 0
      ? [text`  it says again what was reviewed`]
      : []),
  ]
}

/** Lines field by field: the reviewed value in red, the offered one in green. */
export function differenceLines(differences: readonly DifferenceJson[]): readonly Text[] {
  return differences.flatMap(({ after, before, field }) => [
    bold(field),
    ...aligned(
      [
        ...(before === null ? [] : lines(before).map((line) => [red('-'), red(line)])),
        ...(after === null ? [] : lines(after).map((line) => [green('+'), green(line)])),
      ],
      undefined,
    ),
  ])
}

function lines(value: string): readonly string[] {
  const cut = value.length > MAX_CHARACTERS
  return (cut ? `${value.slice(0, MAX_CHARACTERS)}… (${value.length} characters)` : value).split(
    '\n',
  )
}
