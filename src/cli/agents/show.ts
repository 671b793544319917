import type { Command } from 'commander'
import { facts, indented, table } from '../../lib/terminal/table.ts'
import { bold, dim, red, type Text, text, type Value } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { statusWord, trustInWords } from '../../lib/terminal/words.ts'
import { detailLines } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import { named } from '../person.ts'
import { howToGoOn, type Pages, withPages } from '../server/pages.ts'
import type { AgentDetails, AgentJson } from './agent.ts'

/** `remit agents list` */
export function listCommand(start: Start): Command {
  const list = command('list', 'Agents, by name.', [
    'remit agents list',
    'remit agents list --after invoice-bot',
  ])
  return withPages(list).action(async (options: Pages, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/agents', { query: { ...options } })
    cli.answer(answer, () =>
      answer.agents.length === 0
        ? [dim('No agents yet. `remit agents add NAME …` registers one.')]
        : [
            ...table(
              ['NAME', 'STATUS', 'TRUST', 'CAME', 'OWNER', 'DESCRIPTION'],
              answer.agents.map((agent) => [
                bold(agent.id),
                statusWord(agent.status),
                trustInWords(agent.trust),
                agent.origin,
                agent.owner_name ?? agent.owner,
                agent.description || ownName(agent),
              ]),
              cli.width,
            ),
            ...howToGoOn('remit agents list', answer.more, answer.agents),
          ],
    )
  })
}

/** What it says it is called, of one that registered itself. */
function ownName({ id, name }: AgentJson): string {
  return name === id ? '' : name
}

/** `remit agents show NAME` */
export function showCommand(start: Start): Command {
  return command('show', 'One agent: its ceiling, its keys, its clients at identity providers.', [
    'remit agents show refund-bot',
  ])
    .argument('<name>', 'the agent, or the address that is its client id')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const params = { name: await idOf(cli, name) }
      await showAgent(cli, await cli.api.call('GET', '/agents/:name', { params }))
    })
}

/** An agent by its id, or by the address that it is known by as a client. */
async function idOf(cli: Cli, name: string): Promise<string> {
  if (!name.startsWith('https://')) return name
  const { agents } = await cli.api.call('GET', '/agents', { query: { client: name } })
  const [found] = agents
  if (!found)
    throw new CommandFailure(`There is no agent whose client id is \`${name}\``, {
      next: ['remit agents list'],
    })
  return found.id
}

const CAME = {
  registered: 'registered by an administrator',
  dynamic: 'registered itself',
  issuer: 'a trusted issuer vouches for it',
  document: 'known by the address of its metadata document',
} as const

const VOUCHED = {
  administrator: 'an administrator vouches for it',
  issuer: 'its name is the word of that issuer',
  address: 'whoever controls that address vouches for its name',
  nobody: 'nobody has verified its name',
} as const

const STOPPED = {
  dormant: 'it was too long without a task; an administrator can resume it',
  uncertified: 'nobody recertified it in time; its owner can: remit agents recertify',
} as const

function cameFrom({ origin, vouched_by: by }: AgentJson): string {
  return `${CAME[origin]}; ${VOUCHED[by]}`
}

/** Where a person's browser is sent, and with what it proves who it is. */
function describedRows({ described }: AgentDetails): [string, Value][] {
  if (!described) return []
  const { changed_at, keys, methods, redirect_hosts: hosts } = described
  const proves = methods.includes('private_key_jwt') ? `${keys.length} keys of its own` : 'nothing'
  return [
    ['answers go to', hosts.length === 0 ? 'nowhere: it asks no person' : hosts.join(' ')],
    [
      'proves itself by',
      methods.includes('none') && methods.length > 1 ? `${proves}, or nothing` : proves,
    ],
    ['said otherwise until', changed_at === null ? '' : moment(changed_at)],
  ]
}

/** Of one that registered itself. */
function letInBy({ admission }: AgentJson): string {
  if (admission === null) return ''
  return admission === '' ? 'no rule: it began quarantined' : `the rule ${admission}`
}

export async function showAgent(cli: Cli, agent: AgentDetails): Promise<void> {
  const ceiling = await detailLines(agent.ceiling)
  cli.answer(agent, () => [
    text`${bold(agent.id)}${agent.description && `  ${agent.description}`}`,
    ...indented(
      facts(
        [
          ['status', statusWord(agent.status)],
          ['stopped because', agent.suspended_for === null ? '' : STOPPED[agent.suspended_for]],
          ['to be recertified by', agent.recertify_by === null ? '' : moment(agent.recertify_by)],
          ['trust', trustInWords(agent.trust)],
          ['owner', named(agent.owner_name, agent.owner)],
          ['since', moment(agent.created_at)],
          ['calls itself', ownName(agent)],
          ['came', cameFrom(agent)],
          ['client id', agent.client_url ?? ''],
          ['let in by', letInBy(agent)],
          ['told of answers at', agent.notify_at ?? ''],
          ...describedRows(agent),
        ],
        cli.room,
      ),
    ),
    ...section('The most it may ever be given', ceiling),
    ...section('Keys', keyLines(agent, cli.room)),
    ...section(
      'Clients at identity providers',
      agent.clients.map(({ client_id, issuer }) => text`${client_id} at ${issuer}`),
    ),
  ])
}

/** A heading with what belongs under it, or that there is nothing. */
function section(title: string, lines: readonly Text[]): readonly Value[] {
  return ['', bold(title), ...indented(lines.length === 0 ? [dim('none')] : lines)]
}

function keyLines({ keys }: AgentDetails, width: number | undefined): readonly Text[] {
  if (keys.length === 0) return []
  return table(
    ['THUMBPRINT', 'SINCE', 'KID', ''],
    keys.map(({ created_at, kid, revoked, thumbprint }) => [
      thumbprint,
      moment(created_at),
      kid === thumbprint ? dim('the same') : kid,
      revoked ? red('revoked') : '',
    ]),
    width,
  )
}
