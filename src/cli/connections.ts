import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, text } from '../lib/terminal/text.ts'
import { moment } from '../lib/terminal/time.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { CommandFailure, usage } from './failure.ts'

/** `remit connections …` */
export function connectionsCommand(start: Start): Command {
  const connections = command('connections', 'Credentials of APIs, which agents never see.', [
    'remit connections add billing-key --bearer   # asks for it',
    'remit connections add billing-key --bearer --from-file billing.token',
    'remit resources connect billing billing-key',
  ])
  for (const add of [listCommand, addCommand, removeCommand]) connections.addCommand(add(start))
  return connections
}

function listCommand(start: Start): Command {
  return command('list', 'Every connection; credentials are never shown again.', [
    'remit connections list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/connections', {})
    cli.answer(answer, () =>
      answer.connections.length === 0
        ? [dim('No connections yet. `remit connections add NAME --bearer` keeps a credential.')]
        : table(
            ['NAME', 'KIND', 'HEADER', 'SINCE'],
            answer.connections.map((each) => [
              bold(each.name),
              each.kind,
              each.header,
              moment(each.created_at),
            ]),
            cli.width,
          ),
    )
  })
}

interface AddOptions {
  readonly bearer?: true
  readonly header?: string
  readonly fromFile?: string
}

function addCommand(start: Start): Command {
  return command(
    'add',
    'Keeps a credential, sealed. It is asked for, or read from a file or standard input.',
    [
      'remit connections add billing-key --bearer',
      'remit connections add billing-key --bearer --header X-Api-Key --from-file key.txt',
      'pass show billing | remit connections add billing-key --bearer',
    ],
  )
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--bearer', 'a token that is sent as it is')
    .option('--header <name>', 'the header it goes into; else Authorization: Bearer …')
    .option('--from-file <file>', 'read it from there')
    .action(async (name: string, options: AddOptions, invoked: Command) => {
      if (!options.bearer)
        throw usage(
          'The kind of credential is missing: --bearer, a token that is sent as it is, is the only one there is by now',
          `remit connections add ${name} --bearer${options.header === undefined ? '' : ` --header ${options.header}`}`,
        )
      const cli = await start(invoked)
      const secret = await readSecret(cli, `Credential of ${name}`, options.fromFile)
      const { header } = options
      const added = await cli.api.call('POST', '/connections', {
        body: { name, kind: 'bearer', secret, header },
      })
      cli.say(
        text`${green('✓')} ${bold(added.name)} is kept, for the header ${added.header}`,
        dim(text`  use it: remit resources connect API ${added.name}`),
      )
      cli.answer(added, () => [])
    })
}

function removeCommand(start: Start): Command {
  return command('remove', 'Forgets a credential. Refused while an API uses it.', [
    'remit connections remove billing-key',
  ])
    .argument('<name>', 'the connection')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/connections/:name', { params: { name } })
      cli.say(text`${green('✓')} ${bold(name)} is forgotten`)
      cli.answer({ connection: name, removed: true }, () => [])
    })
}

/** Never from an argument: those are in the shell's history and in every process list. One line end at its end is not part of it. */
export async function readSecret(
  cli: Cli,
  question: string,
  file: string | undefined,
): Promise<string> {
  const secret = await given(cli, question, file)
  if (secret === undefined)
    throw new CommandFailure('Nothing was kept', { detail: 'you changed your mind' })
  const plain = secret.replace(/\r?\n$/, '')
  if (plain === '') throw usage('There is no credential in what was given')
  return plain
}

async function given(
  cli: Cli,
  question: string,
  file: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined && file !== '-') {
    return readFile(resolve(cli.world.directory, file), 'utf8').catch((cause: unknown) => {
      throw new CommandFailure('The file with the credential cannot be read', {
        detail: file,
        cause,
      })
    })
  }
  if (file === undefined && cli.world.interactive) return cli.world.askSecret(question)
  return Buffer.from(await cli.world.readInput()).toString('utf8')
}
