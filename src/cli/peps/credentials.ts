import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'

export function addSecretCommand(start: Start): Command {
  return command('add-secret', 'Makes a secret, beside those there are. It is shown once.', [
    'remit peps add-secret edge',
    'remit peps add-secret edge --json   # for a program that keeps it',
  ])
    .argument('<name>', 'of `remit peps list`')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const added = await cli.api.call('POST', '/peps/:name/secrets', { params: { name } })
      cli.answer(added, () => [
        text`${green('✓')} ${bold(name)} has a secret, shown this once: ${bold(added.secret)}`,
        dim('  as Authorization: Bearer, or with the name as HTTP Basic'),
      ])
    })
}

export function addKeyCommand(start: Start): Command {
  return command(
    'add-key',
    'Registers a public key, whose holder signs what it authenticates with.',
    ['remit peps add-key edge edge.public.jwk'],
  )
    .argument('<name>', 'of `remit peps list`')
    .argument('<file>', 'a public JWK')
    .action(async (name: string, file: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const jwk = await readJwk(resolve(cli.world.directory, file), file)
      const added = await cli.api.call('POST', '/peps/:name/keys', {
        params: { name },
        body: { jwk },
      })
      cli.say(
        text`${green('✓')} ${bold(name)} has the key ${bold(added.kid ?? added.thumbprint ?? '')}`,
      )
      cli.answer(added, () => [])
    })
}

export function endCredentialCommand(start: Start): Command {
  return command('end-credential', 'Ends a secret or a key, now.', [
    'remit peps end-credential edge pec_…',
  ])
    .argument('<name>', 'of `remit peps list`')
    .argument('<id>', 'of `remit peps show`')
    .action(async (name: string, id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/peps/:name/credentials/:id', { params: { name, id } })
      cli.say(text`${green('✓')} ${bold(id)} is ended`)
      cli.answer({ pep: name, credential: id, ended: true }, () => [])
    })
}

async function readJwk(path: string, named: string): Promise<unknown> {
  const content = await readFile(path, 'utf8').catch(() => {
    throw new CommandFailure(`\`${named}\` cannot be read`, { exit: 2 })
  })
  try {
    return JSON.parse(content)
  } catch {
    throw new CommandFailure(`\`${named}\` is not JSON`, { exit: 2 })
  }
}
