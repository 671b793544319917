import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { named } from '../person.ts'
import { at } from '../server/api.ts'
import { facts, indented, table } from '../terminal/table.ts'
import { bold, dim, green, red, type Text, text, type Value, yellow } from '../terminal/text.ts'
import { moment } from '../terminal/time.ts'
import { type Agent, type Detail, type ShownAgent, trustInWords } from './agent.ts'

/** `remit agents list` */
export function listCommand(start: Start): Command {
  return command('list', 'Every agent.', ['remit agents list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.get<{ agents: readonly Agent[] }>('/agents')
      cli.answer(answer, () =>
        answer.agents.length === 0
          ? [dim('No agents yet. `remit agents add NAME …` registers one.')]
          : table(
              ['NAME', 'STATUS', 'TRUST', 'OWNER', 'DESCRIPTION'],
              answer.agents.map((agent) => [
                bold(agent.id),
                statusWord(agent.status),
                trustInWords(agent.trust),
                agent.owner_name ?? agent.owner,
                agent.description || ownName(agent),
              ]),
              cli.width,
            ),
      )
    },
  )
}

/** What it says it is called, of one that registered itself. */
function ownName({ id, name }: Agent): string {
  return name === id ? '' : name
}

/** `remit agents show NAME` */
export function showCommand(start: Start): Command {
  return command('show', 'One agent: its ceiling, its keys, its clients at identity providers.', [
    'remit agents show refund-bot',
  ])
    .argument('<name>', 'the agent')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await showAgent(cli, await cli.api.get<ShownAgent>(at`/agents/${name}`))
    })
}

/** Of one that registered itself. */
function letInBy({ admission }: Agent): string {
  if (admission === null) return ''
  return admission === '' ? 'no rule: it began quarantined' : `the rule ${admission}`
}

export async function showAgent(cli: Cli, agent: ShownAgent): Promise<void> {
  const ceiling = await detailLines(agent.ceiling)
  cli.answer(agent, () => [
    text`${bold(agent.id)}${agent.description && `  ${agent.description}`}`,
    ...indented(
      facts(
        [
          ['status', statusWord(agent.status)],
          ['trust', trustInWords(agent.trust)],
          ['owner', named(agent.owner_name, agent.owner)],
          ['since', moment(agent.created_at)],
          ['calls itself', ownName(agent)],
          ['let in by', letInBy(agent)],
          ['told of answers at', agent.notify_at ?? ''],
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

/** Details in words, every action named. */
export async function detailLines(details: readonly Detail[]): Promise<readonly Text[]> {
  // Only these commands need it, and it takes a moment to load.
  const { boundInWords } = await import('@remit/engine')
  return details.map(({ actions, bounds, locations }) => {
    const where = bounds.length === 0 ? '' : ` where ${bounds.map(boundInWords).join(' and ')}`
    return text`${actions.join(', ')}${where} ${dim(text`at ${locations.join(', ')}`)}`
  })
}

function keyLines({ keys }: ShownAgent, width: number | undefined): readonly Text[] {
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

/** A state in the colour that it deserves. */
export function statusWord(status: string): Text {
  if (status === 'active' || status === 'open') return green(status)
  if (status === 'suspended') return yellow(status)
  return dim(status)
}
