import type { Command } from 'commander'
import { green, text } from '../../../platform/lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import { StoredSessions } from '../server/sessions.ts'

/** `remit logout`: ends the session at the server, and here whatever the server says. */
export function logoutCommand(start: Start): Command {
  return command('logout', 'Signs you out.', ['remit logout']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const sessions = new StoredSessions(cli.world)
      if (!(await sessions.find(cli.url))) {
        cli.say(text`You are not signed in to ${cli.url}.`)
        cli.answer({ url: cli.url, signed_in: false }, () => [])
        return
      }
      const failed = await cli.api.call('DELETE', '/session', {}).then(
        () => undefined,
        (error: unknown) => error,
      )
      await sessions.forget(cli.url)
      if (failed !== undefined && !isOver(failed)) {
        throw new CommandFailure('Signed out here, but the server was not told', {
          detail: 'the session ends there by itself, an hour after its last use',
          cause: failed,
        })
      }
      cli.say(text`${green('✓')} Signed out of ${cli.url}`)
      cli.answer({ url: cli.url, signed_in: false }, () => [])
    },
  )
}

function isOver(error: unknown): boolean {
  return error instanceof CommandFailure && error.code === 'session.required'
}
