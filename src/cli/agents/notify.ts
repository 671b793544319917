import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import { showAgent } from './show.ts'

/** `remit agents notify NAME [URL]` */
export function notifyCommand(start: Start): Command {
  return command('notify', 'Sets where an agent is told that somebody has answered.', [
    'remit agents notify invoice-bot https://invoices.example.com/remit/answers',
    'remit agents notify invoice-bot --never',
  ])
    .argument('<name>', 'the agent')
    .argument('[url]', 'an https address')
    .option('--never', 'it asks by itself')
    .action(
      async (
        name: string,
        url: string | undefined,
        options: { never?: true },
        invoked: Command,
      ) => {
        if ((url === undefined) !== (options.never === true))
          throw usage('Nothing to set', 'say an address, or --never')
        const cli = await start(invoked)
        const agent = await cli.api.call('PUT', '/agents/:name/notifications', {
          params: { name },
          body: { at: url ?? null },
        })
        cli.say(
          text`${green('✓')} ${bold(agent.id)} is told ${url === undefined ? 'nothing' : `at ${url}`}`,
          '',
        )
        await showAgent(cli, agent)
      },
    )
}
