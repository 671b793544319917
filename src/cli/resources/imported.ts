import { aligned, indented } from '../terminal/table.ts'
import {
  bold,
  dim,
  green,
  red,
  shown,
  type Text,
  text,
  type Value,
  yellow,
} from '../terminal/text.ts'
import type { Action } from './resource.ts'
import { riskWord } from './show.ts'

/** What an import did. */
export interface Imported {
  readonly resource: string
  readonly unchanged: boolean
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly notes: readonly string[]
  readonly untyped: readonly Untyped[]
}

interface Untyped {
  readonly reason: string
  readonly count: number
  readonly examples: readonly string[]
}

/** More lines than these are counted, not shown: `--json` and `remit resources show` have them all. */
const MOST_ROWS = 24
const MOST_NOTES = 24
const RISKS = ['low', 'medium', 'high', 'critical']

export function importedLines(done: Imported, actions: readonly Action[]): readonly Value[] {
  const { added, changed, removed, resource, unchanged } = done
  const counts = [
    [added, 'added'],
    [changed, 'changed'],
    [removed, 'removed'],
  ] as const
  const told = counts.flatMap(([list, word]) => (list.length ? [`${list.length} ${word}`] : []))
  return [
    text`${green('✓')} ${bold(resource)}: ${unchanged ? 'as it was' : told.join(', ') || 'updated'}`,
    ...indented(rows(done, actions)),
    ...untypedLines(done),
    ...noteLines(done.notes),
  ]
}

function rows(
  { added, changed, removed, resource }: Imported,
  actions: readonly Action[],
): readonly Text[] {
  const byName = new Map(actions.map((action) => [action.name, action]))
  const all = [
    ...changed.map((name) => [yellow('~'), name] as const),
    ...removed.map((name) => [red('-'), name] as const),
    ...added.map((name) => [green('+'), name] as const),
  ]
  const few = all.slice(0, MOST_ROWS).map(([sign, name]) => {
    const action = byName.get(name)
    const risk = action && text`${riskWord(action.risk)}${action.risk_proposed ? ' proposed' : ''}`
    return [text`${sign} ${name}`, risk ?? shown('')]
  })
  if (all.length <= MOST_ROWS) return aligned(few, undefined)
  return [
    ...aligned(few, undefined),
    dim(text`… and ${all.length - MOST_ROWS} more: remit resources show ${resource}`),
    dim(text`risk classes proposed: ${risksOf(added, byName)}`),
  ]
}

function risksOf(names: readonly string[], byName: ReadonlyMap<string, Action>): string {
  const risks = names.map((name) => byName.get(name)?.risk)
  return RISKS.map((risk) => `${risks.filter((each) => each === risk).length} ${risk}`).join(', ')
}

/** What bounds and policies cannot see is said plainly, once for each reason. */
function untypedLines({ resource, untyped }: Imported): readonly Value[] {
  if (untyped.length === 0) return []
  const all = untyped.reduce((sum, { count }) => sum + count, 0)
  return [
    '',
    bold(text`Bounds and policies cannot see ${all} ${all === 1 ? 'argument' : 'arguments'}`),
    ...indented(
      untyped.flatMap(({ count, examples, reason }) => [
        text`${String(count).padStart(4)}  ${reason}`,
        dim(text`      ${examples.join(', ')}${count > examples.length ? ', …' : ''}`),
      ]),
      1,
    ),
    dim(text`  All of them: remit resources show ${resource}`),
  ]
}

function noteLines(notes: readonly string[]): readonly Value[] {
  if (notes.length === 0) return []
  const more = notes.length - MOST_NOTES
  return [
    '',
    bold('Worth reading'),
    ...notes.slice(0, MOST_NOTES).map((note) => text`  ${note}`),
    ...(more > 0 ? [dim(text`  … and ${more} more: the same command with --json`)] : []),
  ]
}
