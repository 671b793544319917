import type { Command } from 'commander'
import { PROVIDERS } from '../../console/api-operations/providers.ts'
import { text } from '../../platform/lib/terminal/text.ts'
import { command, type Start } from './command.ts'
import { CommandFailure } from './failure.ts'
import { nounCommand } from './operations/noun.ts'

/** `remit providers …` */
export const providersCommand = nounCommand(PROVIDERS, [testCommand])

function testCommand(start: Start): Command {
  return command(
    'test',
    'Shows in the browser the claims of a provider about a person, and what Remit makes of them.',
    ['remit providers test https://login.example.com'],
  )
    .argument('<issuer>', 'its issuer')
    .action(async (issuer: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const { providers } = await cli.api.call('GET', '/identity-providers', {})
      if (!providers.some((each) => each.issuer === issuer))
        throw new CommandFailure(`\`${issuer}\` is not registered`, {
          code: 'provider.unknown',
          next: ['remit providers list'],
        })
      const page = `${cli.url}/providers?${new URLSearchParams({ issuer })}`
      cli.say(
        text`Signing in there opens no session here. Open as an administrator:`,
        text`  ${page}`,
      )
      cli.answer({ page }, () => [])
    })
}
