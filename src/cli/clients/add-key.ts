import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'

export function addKeyCommand(start: Start): Command {
  return command(
    'add-key',
    'Adds a public key. The client then authenticates with JWTs that it signs.',
    ['remit clients add-key edge edge.public.jwk'],
  )
    .argument('<name>', 'of `remit clients list`')
    .argument('<file>', 'a public JWK')
    .action(async (name: string, file: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const added = await cli.api.call('POST', '/clients/:id/keys', {
        params: { id: name },
        body: { jwk: await readJwk(cli, file) },
      })
      cli.say(
        text`${green('✓')} ${bold(name)} has the key ${bold(added.kid ?? added.thumbprint ?? '')}`,
      )
      cli.answer(added, () => [])
    })
}

/** Reads a key from a file. @throws CommandFailure */
export async function readJwk({ world }: Pick<Cli, 'world'>, file: string): Promise<unknown> {
  const content = await readFile(resolve(world.directory, file), 'utf8').catch(() => {
    throw new CommandFailure(`\`${file}\` cannot be read`, { exit: 2 })
  })
  try {
    return JSON.parse(content)
  } catch {
    throw new CommandFailure(`\`${file}\` is not JSON`, { exit: 2 })
  }
}
