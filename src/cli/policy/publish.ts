import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { Failure } from '../failure.ts'
import { bold, green, text } from '../terminal/text.ts'
import { type Mistake, mistakeLines, mistakesOf, placed } from './mistakes.ts'
import { readSources, type Sources } from './sources.ts'

interface Published {
  readonly version: number
  readonly digest: string
  readonly warnings: readonly Mistake[]
}

/** `remit policy publish PATH…` */
export function publishCommand(start: Start): Command {
  return command('publish', 'Puts these policies, and no others, in force. All or nothing.', [
    'remit policy publish ./policies --note "refunds over 100 ask finance"',
  ])
    .argument('<path...>', 'files, or directories of *.cedar')
    .option('--note <text>', 'what changed, and why')
    .action(async (paths: readonly string[], { note }: { note?: string }, invoked: Command) => {
      const cli = await start(invoked)
      const sources = await readSources(cli.world.directory, paths)
      const body = { text: sources.text, ...(note === undefined ? {} : { note }) }
      const published = await cli.api
        .send<Published>('POST', '/policies', body)
        .catch((error: unknown) => {
          throw inFiles(cli, error, sources)
        })
      const warnings = placed(published.warnings, sources)
      cli.say(...mistakeLines(warnings, 'warning'))
      cli.say(text`${green('✓')} version ${bold(published.version)} is in force everywhere`)
      cli.answer({ ...published, warnings }, () => [])
    })
}

/** Mistakes are told where they stand in the files, and the failure does not repeat them. */
function inFiles(cli: Cli, error: unknown, sources: Sources): unknown {
  if (!(error instanceof Failure)) return error
  const mistakes = placed(mistakesOf(error.members), sources)
  if (mistakes.length === 0) return error
  if (!cli.json) cli.say(...mistakeLines(mistakes, 'mistake'), '')
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`
  return new Failure(error.message, {
    code: error.code,
    detail: `${count}; the policies in force stay in force`,
    members: { ...error.members, mistakes },
  })
}
