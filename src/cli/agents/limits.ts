import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { readAllowed } from '../authority.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import { ceilingOf, readTrust } from './add.ts'
import { showAgent } from './show.ts'

interface LimitOptions {
  readonly trust?: number
  readonly ceiling?: readonly string[]
  readonly ceilingFile?: string
}

/** `remit agents limits NAME …`: what is not said stays. */
export function limitsCommand(start: Start): Command {
  return command('limits', 'Replaces the ceiling or the trust level of an agent.', [
    'remit agents limits invoice-bot --ceiling billing.invoices.read billing.invoices.list',
    'remit agents limits invoice-bot --trust 2',
  ])
    .argument('<name>', 'the agent')
    .option('--trust <level>', '0 quarantined, 1 external, 2 partner, 3 internal', readTrust)
    .option('--ceiling <action...>', 'the whole ceiling: actions, without bounds')
    .option('--ceiling-file <file>', 'the whole ceiling: details, as JSON')
    .action(async (name: string, options: LimitOptions, invoked: Command) => {
      const { ceiling: actions, ceilingFile: file, trust } = options
      const sets = actions !== undefined || file !== undefined
      if (trust === undefined && !sets) {
        throw usage('Nothing to set', 'say --trust, --ceiling or --ceiling-file')
      }
      const cli = await start(invoked)
      const ceiling = sets ? await readAllowed(cli, ceilingOf(options)) : undefined
      const agent = await cli.api.call('PUT', '/agents/:name/limits', {
        params: { name },
        body: { ceiling, trust },
      })
      cli.say(text`${green('✓')} ${bold(agent.id)} has new limits`, '')
      await showAgent(cli, agent)
    })
}
