import type { Command } from 'commander'
import { green, red, text } from '../../../platform/lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { CommandExit } from '../failure.ts'
import { readSources } from '../operations/policy-sources.ts'
import { mistakeLines, placed } from './mistakes.ts'

/** `remit policy validate PATH…` */
export function validateCommand(start: Start): Command {
  return command('validate', 'Says everything that is wrong, without publishing.', [
    'remit policy validate ./policies',
    'remit policy validate base.cedar refunds.cedar',
  ])
    .argument('<path...>', 'files, or directories of *.cedar')
    .action(async (paths: readonly string[], _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const sources = await readSources(cli.world.directory, paths)
      const answer = await cli.api.call('POST', '/policies/validate', {
        body: { text: sources.text },
      })
      const mistakes = placed(answer.mistakes, sources)
      const warnings = placed(answer.warnings, sources)
      cli.answer({ mistakes, warnings }, () => [
        ...mistakeLines(mistakes, 'mistake'),
        ...mistakeLines(warnings, 'warning'),
      ])
      if (mistakes.length > 0) {
        cli.say('', text`${red('✗')} ${mistakes.length} to correct before this can be published`)
        throw new CommandExit(1)
      }
      const files = sources.files.join(', ')
      cli.say(
        warnings.length === 0
          ? text`${green('✓')} nothing wrong in ${files}`
          : text`${green('✓')} valid, ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} in ${files}`,
      )
    })
}
