import type { Command } from 'commander'
import { facts, indented } from '../../lib/terminal/table.ts'
import { bold, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'

/** `remit whoami` */
export function whoamiCommand(start: Start): Command {
  return command('whoami', 'Who you are here, and your groups.', ['remit whoami']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const me = await cli.api.call('GET', '/session', {})
      const { administrator, expires_at, person } = me
      cli.answer({ url: cli.url, ...me }, () => [
        text`${bold(person.name)}${administrator ? ' · administrator' : ''}`,
        ...indented(
          facts(
            [
              ['server', cli.url],
              ['id', person.id],
              ['email', person.email ?? undefined],
              ['groups', person.groups.join(', ') || 'none'],
              ['known from', text`${person.issuer} as ${person.subject}`],
              ['session', text`until ${moment(expires_at)}`],
            ],
            cli.room,
          ),
        ),
      ])
    },
  )
}
