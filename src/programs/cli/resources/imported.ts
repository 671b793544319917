import { RISKS } from '@remit/engine/risk'
import type { ActionAnswer } from '../../../console/api-operations/resources/schemas.ts'
import { aligned, indented } from '../../../platform/lib/terminal/table.ts'
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
} from '../../../platform/lib/terminal/text.ts'
import { riskWord } from '../../../platform/lib/terminal/words.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { differenceLines } from './differences.ts'

/** Result of an import. */
type ImportedJson = AnswerOf<'PUT', '/resources/:name'>
/** Preview of an import. */
type PreviewedJson = AnswerOf<'POST', '/resources/:name/preview'>

/** More lines than these are counted, not shown: `--json` and `remit resources show` have them all. */
const MAX_ROWS = 24
const MAX_NOTES = 24

export function importedLines(
  done: ImportedJson,
  actions: readonly ActionAnswer[],
): readonly Value[] {
  const { resource, unchanged } = done
  return [
    text`${green('✓')} ${bold(resource)}: ${unchanged ? 'as it was' : counted(done) || 'updated'}`,
    ...indented(rows(done, actions)),
    ...uncallableLines(done),
    ...untypedLines(done),
    ...noteLines(done.notes),
  ]
}

/** Lines about what would be done, with the changes field by field. */
export function previewLines(seen: PreviewedJson): readonly Value[] {
  const { changes, resource, unchanged } = seen
  const changed = changes.filter(({ kind }) => kind === 'changed')
  return [
    text`${bold(resource)} would be ${unchanged ? 'as it is' : counted(seen) || 'updated'}; nothing was done`,
    ...indented(rows(seen, [])),
    ...changed
      .slice(0, MAX_ROWS)
      .flatMap(({ action, differences }) => [
        '',
        text`${yellow('~')} ${bold(action)}`,
        ...indented(differenceLines(differences)),
      ]),
    ...(changed.length > MAX_ROWS
      ? [dim(text`… and ${changed.length - MAX_ROWS} more changes: the same command with --json`)]
      : []),
    ...uncallableLines(seen),
    ...untypedLines(seen),
    ...noteLines(seen.notes),
  ]
}

const COUNTED = [
  ['added', 'added'],
  ['changed', 'changed'],
  ['removed', 'removed'],
  ['quarantined', 'changed and quarantined'],
  ['waiting', 'new and waiting for review'],
  ['restored', 'restored'],
] as const

function counted(done: ImportedJson): string {
  return COUNTED.flatMap(([list, word]) =>
    done[list].length > 0 ? [`${done[list].length} ${word}`] : [],
  ).join(', ')
}

function rows(
  { added, changed, quarantined, removed, resource, restored, waiting }: ImportedJson,
  actions: readonly ActionAnswer[],
): readonly Text[] {
  const byName = new Map(actions.map((action) => [action.name, action]))
  const all = [
    ...quarantined.map((name) => [red('!'), name, red('quarantined')] as const),
    ...waiting.map((name) => [yellow('?'), name, yellow('waits for review')] as const),
    ...restored.map((name) => [green('✓'), name, green('as reviewed')] as const),
    ...changed.map((name) => [yellow('~'), name] as const),
    ...removed.map((name) => [red('-'), name] as const),
    ...added.map((name) => [green('+'), name] as const),
  ]
  const few = all.slice(0, MAX_ROWS).map(([sign, name, word]) => {
    const action = byName.get(name)
    const risk = action && text`${riskWord(action.risk)}${action.risk_proposed ? ' proposed' : ''}`
    return [text`${sign} ${name}`, word ?? risk ?? shown('')]
  })
  if (all.length <= MAX_ROWS) return aligned(few, undefined)
  return [
    ...aligned(few, undefined),
    dim(text`… and ${all.length - MAX_ROWS} more: remit resources show ${resource}`),
    dim(text`risk classes proposed: ${risksOf(added, byName)}`),
  ]
}

function risksOf(names: readonly string[], byName: ReadonlyMap<string, ActionAnswer>): string {
  const risks = names.map((name) => byName.get(name)?.risk)
  return RISKS.map((risk) => `${risks.filter((each) => each === risk).length} ${risk}`).join(', ')
}

/** Lines about operations that no call can reach, each with the reason: none is left out. */
function uncallableLines({ uncallable }: ImportedJson): readonly Value[] {
  if (uncallable.length === 0) return []
  return [
    '',
    bold(
      text`The gateway cannot call ${uncallable.length} ${uncallable.length === 1 ? 'operation' : 'operations'}`,
    ),
    ...uncallable.map(({ action, reason }) => text`  ${red('!')} ${action}: ${reason}`),
  ]
}

/** Lines that say plainly what bounds and policies cannot see, once for each reason. */
function untypedLines({ resource, untyped }: ImportedJson): readonly Value[] {
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
  const more = notes.length - MAX_NOTES
  return [
    '',
    bold('Worth reading'),
    ...notes.slice(0, MAX_NOTES).map((note) => text`  ${note}`),
    ...(more > 0 ? [dim(text`  … and ${more} more: the same command with --json`)] : []),
  ]
}
