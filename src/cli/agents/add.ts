import { type Command, InvalidArgumentError } from 'commander'
import { isName } from '../../lib/id.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { type AllowedDetail, readAllowed } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import { findPerson } from '../person.ts'
import { makeKey, readPublicKey } from './key-file.ts'
import { showAgent } from './show.ts'

interface AddOptions {
  readonly trust: number
  readonly description?: string
  readonly owner?: string
  readonly ceiling?: readonly string[]
  readonly ceilingFile?: string
  readonly key?: string
  readonly keyOut?: string
  readonly client?: readonly string[]
}

/** `remit agents add NAME …` */
export function addCommand(start: Start): Command {
  return command('add', 'Registers an agent. Its name is its id, for ever.', [
    'remit agents add invoice-bot --trust 3 --ceiling billing.invoices.read --key-out invoice-bot.jwk',
    'remit agents add refund-bot --owner ada --trust 3 --ceiling-file ceiling.json --key refund-bot.pub.jwk',
    'remit agents add https://app.example/client.json --trust 2 --ceiling "desk.*"',
    'remit agents add helper --trust 1 --ceiling "orders.*" --client https://login.example.com=helper',
  ])
    .argument(
      '<name>',
      'lower-case letters, digits and hyphens; or the address of the metadata document of a client',
    )
    .requiredOption(
      '--trust <level>',
      '0 quarantined, 1 external, 2 partner, 3 internal',
      readTrust,
    )
    .option('--ceiling <action...>', 'actions it may be given, without bounds; "orders.*" for all')
    .option('--ceiling-file <file>', 'details with bounds, as JSON')
    .option('--key <file>', 'its public key, as JWK')
    .option('--key-out <file>', 'make a key; the private half goes into this new file')
    .option('--owner <person>', 'who answers for it: id, e-mail or name; else you')
    .option('--description <text>', 'what it does')
    .option('--client <issuer=id...>', 'its client at an identity provider')
    .action(async (name: string, options: AddOptions, invoked: Command) => {
      await add(await start(invoked), name, options)
    })
}

async function add(cli: Cli, name: string, options: AddOptions): Promise<void> {
  const { description = '', key, keyOut, owner, trust } = options
  checkName(name)
  if (key !== undefined && keyOut !== undefined) throw usage('Say --key or --key-out, not both')
  const clients = (options.client ?? []).map(readClient)
  const ceiling = await readAllowed(cli, ceilingOf(options))
  const ownerId = owner === undefined ? undefined : (await findPerson(cli.api, owner)).id
  const made = keyOut === undefined ? undefined : await makeKey(cli.world, keyOut)
  const jwk =
    made?.publicJwk ?? (key === undefined ? undefined : await readPublicKey(cli.world, key))
  const agent = await cli.api
    .call('POST', '/agents', {
      body: {
        name,
        description,
        trust,
        ceiling,
        clients,
        keys: jwk === undefined ? [] : [jwk],
        owner: ownerId,
      },
    })
    .catch(async (error: unknown) => {
      await made?.undo()
      throw error
    })
  cli.say(text`${green('✓')} ${bold(agent.id)} is registered`)
  if (made) cli.say(text`  its private key is in ${bold(made.path)}; keep it where the agent runs`)
  else if (agent.client_url !== null) cli.say(dim('  its keys are those of its metadata document'))
  else if (jwk === undefined) {
    cli.say(dim(`  it has no key yet: remit agents add-key ${agent.id} --key-out ${agent.id}.jwk`))
  }
  if (clients.length === 0) {
    cli.say(
      dim(
        `  people's tokens are not for it yet: remit agents link ${agent.id} ISSUER=CLIENT_ID, its client at the identity provider`,
      ),
    )
  }
  cli.say('')
  await showAgent(cli, agent)
}

/** Before a key is made, and before anything is confirmed on a page. */
function checkName(name: string): void {
  if (name.startsWith('https://') || isName(name)) return
  throw new CommandFailure('The agent name is not valid', {
    code: 'agent.bad_name',
    detail: `\`${name}\` is not a name, nor the address of a metadata document`,
    exit: 2,
  })
}

export function ceilingOf(given: Pick<AddOptions, 'ceiling' | 'ceilingFile'>): AllowedDetail {
  const { ceiling: actions, ceilingFile: file } = given
  return { actions, file, options: ['--ceiling ACTION …', '--ceiling-file FILE'] }
}

export function readTrust(given: string): number {
  if (!/^[0-3]$/.test(given)) throw new InvalidArgumentError('a trust level is 0, 1, 2 or 3.')
  return Number(given)
}

/** `ISSUER=CLIENT_ID`; the last `=` parts them, since an address may have one. */
export function readClient(given: string): { issuer: string; client_id: string } {
  const at = given.lastIndexOf('=')
  const [issuer, id] = [given.slice(0, at), given.slice(at + 1)]
  if (at < 1 || id === '' || !URL.canParse(issuer)) {
    throw usage(
      `\`${given}\` is not ISSUER=CLIENT_ID`,
      'for example https://login.example.com=my-client',
    )
  }
  return { issuer, client_id: id }
}
