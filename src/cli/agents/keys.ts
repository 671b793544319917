import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import { readClient } from './add.ts'
import { makeKey, readPublicKey } from './key-file.ts'
import { showAgent } from './show.ts'

interface KeyOptions {
  readonly key?: string
  readonly keyOut?: string
}

/** `remit agents add-key NAME` */
export function addKeyCommand(start: Start): Command {
  return command('add-key', 'Adds a public key that an agent proves itself with.', [
    'remit agents add-key invoice-bot --key-out invoice-bot.jwk',
    'remit agents add-key invoice-bot --key invoice-bot.pub.jwk',
  ])
    .argument('<name>', 'the agent')
    .option('--key <file>', 'its public key, as JWK')
    .option('--key-out <file>', 'make a key; the private half goes into this new file')
    .action(async (name: string, options: KeyOptions, invoked: Command) => {
      await addKey(await start(invoked), name, options)
    })
}

async function addKey(cli: Cli, name: string, { key, keyOut }: KeyOptions): Promise<void> {
  if ((key === undefined) === (keyOut === undefined)) {
    throw usage('Say which key', '--key FILE with a public JWK, or --key-out FILE to make one')
  }
  const made = keyOut === undefined ? undefined : await makeKey(cli.world, keyOut)
  const jwk = made?.publicJwk ?? (await readPublicKey(cli.world, key ?? ''))
  const agent = await cli.api
    .call('POST', '/agents/:name/keys', { params: { name }, body: { jwk } })
    .catch(async (error: unknown) => {
      await made?.undo()
      throw error
    })
  cli.say(text`${green('✓')} ${bold(agent.id)} has a new key`)
  if (made) cli.say(text`  its private half is in ${bold(made.path)}; keep it where the agent runs`)
  cli.say('')
  await showAgent(cli, agent)
}

/** `remit agents revoke-key NAME THUMBPRINT` */
export function revokeKeyCommand(start: Start): Command {
  return command('revoke-key', 'Revokes a key. It can never be added again.', [
    'remit agents revoke-key invoice-bot Xb0…   # `remit agents show` lists thumbprints',
  ])
    .argument('<name>', 'the agent')
    .argument('<thumbprint>', 'of the key (RFC 7638)')
    .action(async (name: string, thumbprint: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/agents/:name/keys/:thumbprint', {
        params: { name, thumbprint },
      })
      cli.say(text`${green('✓')} the key ${thumbprint} of ${bold(name)} is revoked`)
      cli.answer({ agent: name, thumbprint, revoked: true }, () => [])
    })
}

/** `remit agents link NAME ISSUER=CLIENT_ID` */
export function linkCommand(start: Start): Command {
  return command('link', 'Says which client at an identity provider is this agent.', [
    'remit agents link invoice-bot https://login.example.com=invoice-bot-client',
  ])
    .argument('<name>', 'the agent')
    .argument('<issuer=id>', 'its client there; tokens given to it count')
    .action(async (name: string, client: string, _options: object, invoked: Command) => {
      const body = readClient(client)
      const cli = await start(invoked)
      const agent = await cli.api.call('POST', '/agents/:name/clients', { params: { name }, body })
      cli.say(text`${green('✓')} ${body.client_id} at ${body.issuer} is ${bold(agent.id)}`)
      cli.answer(agent, () => [])
    })
}

/** `remit agents unlink NAME ISSUER=CLIENT_ID` */
export function unlinkCommand(start: Start): Command {
  return command('unlink', 'Removes the link; tokens for that client are no longer accepted.', [
    'remit agents unlink invoice-bot https://login.example.com=invoice-bot-client',
  ])
    .argument('<name>', 'the agent')
    .argument('<client>', 'ISSUER=CLIENT_ID')
    .action(async (name: string, client: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const body = readClient(client)
      const agent = await cli.api.call('POST', '/agents/:name/clients/unlink', {
        params: { name },
        body,
      })
      cli.say(text`${green('✓')} ${body.client_id} at ${body.issuer} is not ${bold(agent.id)}`)
      cli.answer(agent, () => [])
    })
}
