import type { Command } from 'commander'
import { indented } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  cyan,
  dim,
  green,
  red,
  type Text,
  text,
  type Value,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { readSources, type Sources } from '../operations/policy-sources.ts'
import type { AnswerOf } from '../server/operation-types.ts'

/** Version 0: nothing was published. */
export type Diff = AnswerOf<'POST', '/policies/diff'>
type RuleChange = Diff['changes'][number]

/** `remit policy diff PATH…` */
export function diffCommand(start: Start): Command {
  return command('diff', 'What publishing would change, rule by rule.', [
    'remit policy diff ./policies',
    'remit policy diff ./policies --with 3   # against an older version',
  ])
    .argument('<path...>', 'files, or directories of *.cedar')
    .option('--with <version>', 'a published version; else the one in force')
    .action(async (paths: readonly string[], options: { with?: string }, invoked: Command) => {
      const cli = await start(invoked)
      const sources = await readSources(cli.world.directory, paths)
      const diff = await readDiff(cli, sources.text, options.with)
      cli.answer({ ...diff, changes: inFiles(diff, sources) }, () => diffLines(diff, sources))
    })
}

export function readDiff(cli: Cli, text: string, version?: string): Promise<Diff> {
  return cli.api.call('POST', '/policies/diff', { body: { text, with: version } })
}

function inFiles({ changes }: Diff, sources: Sources) {
  return changes.map((each) => ({
    ...each,
    ...(each.change === 'removed' ? {} : sources.place(each.line)),
  }))
}

const MARK = {
  added: green('+'),
  removed: red('−'),
  changed: yellow('~'),
  reworded: dim('≈'),
} as const
const WORDS = {
  added: 'new',
  removed: 'gone',
  changed: 'changed',
  reworded: 'the same in other words',
}

/** A heading for each rule, what its change means, and the lines of it that differ. */
export function diffLines({ changes, with: version }: Diff, sources?: Sources): readonly Value[] {
  if (changes.length === 0) return [dim(text`the same rules as in version ${version}`)]
  return changes.flatMap((each, i) => [
    ...(i === 0 ? [] : ['']),
    text`${MARK[each.change]} ${bold(each.id)}  ${WORDS[each.change]}${dim(placeWords(each, sources))}`,
    ...indented(
      each.notes.map((note) => cyan(note)),
      2,
    ),
    ...indented(each.lines.map(lineText), 4),
  ])
}

function placeWords({ change, line }: RuleChange, sources: Sources | undefined): string {
  if (change === 'removed' || !sources) return ''
  const place = sources.place(line)
  return `  ${place.file}:${place.line}`
}

function lineText({ sign, text: line }: RuleChange['lines'][number]): Text {
  const whole = text`${sign} ${line}`
  if (sign === '+') return green(whole)
  return sign === '-' ? red(whole) : dim(whole)
}
