import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Problem } from '../../../platform/lib/problem.ts'
import { bold, dim, green, red, text, yellow } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandExit, CommandFailure } from '../failure.ts'
import { readSources } from '../operations/policy-sources.ts'
import { mistakeLines, mistakesOf } from './mistakes.ts'

/** `remit policy fmt PATH…` */
export function fmtCommand(start: Start): Command {
  return command('fmt', 'Puts policies into the one layout, with their comments.', [
    'remit policy fmt ./policies',
    'remit policy fmt ./policies --check   # for a build: says what would change, and changes nothing',
  ])
    .argument('<path...>', 'files, or directories of *.cedar')
    .option('--check', 'change nothing; ends with 1 when a file would')
    .action(async (paths: readonly string[], { check }: { check?: true }, invoked: Command) => {
      const cli = await start(invoked)
      const { files } = await readSources(cli.world.directory, paths)
      const changed: string[] = []
      for (const file of files) {
        if (await formatFile(cli, file, check ?? false)) changed.push(file)
      }
      cli.answer({ files, changed }, () => [])
      for (const file of changed) {
        cli.say(
          text`${check ? yellow('!') : green('✓')} ${bold(file)}${check ? ' is not in the layout' : ''}`,
        )
      }
      if (changed.length === 0) cli.say(text`${green('✓')} ${dim('nothing to change')}`)
      if (check && changed.length > 0) throw new CommandExit(1)
    })
}

/** Tells whether the file was, or would be, another one. */
async function formatFile(cli: Cli, file: string, check: boolean): Promise<boolean> {
  const { formatText } = await import('../../../policy/cedar/index.ts')
  const path = resolve(cli.world.directory, file)
  const before = await readFile(path, 'utf8')
  try {
    const after = formatText(before)
    if (after === before) return false
    if (!check) await writeFile(path, after)
    return true
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const mistakes = mistakesOf(error.members).map((each) => ({ ...each, file }))
    if (!cli.json) cli.say(...mistakeLines(mistakes, 'mistake'), '')
    throw new CommandFailure('The policies have mistakes', {
      code: error.code,
      detail: text`${red(file)} cannot be read, and stays as it is`.plain,
      members: { mistakes },
    })
  }
}
