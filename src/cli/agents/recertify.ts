import { type Command, InvalidArgumentError } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { statusWord } from '../../lib/terminal/words.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import { howToGoOn } from '../server/pages.ts'

interface RecertifyOptions {
  readonly every?: number
  readonly never?: true
  readonly after?: string
}

/** `remit agents recertify [NAME]` */
export function recertifyCommand(start: Start): Command {
  return command('recertify', 'Says that an agent is still wanted; without a name, lists dates.', [
    'remit agents recertify',
    'remit agents recertify refund-bot',
    'remit agents recertify refund-bot --every 90',
    'remit agents recertify refund-bot --never',
  ])
    .argument('[name]', 'an agent that you answer for')
    .option('--every <days>', 'for administrators: how long that word counts, from now', readDays)
    .option('--never', 'for administrators: it carries no date')
    .option('--after <id>', 'of the list: go on behind this one, the last of the page before')
    .action(async (name: string | undefined, options: RecertifyOptions, invoked: Command) => {
      const cli = await start(invoked)
      if (name === undefined) await listDates(cli, options)
      else await recertify(cli, name, options)
    })
}

async function recertify(cli: Cli, name: string, options: RecertifyOptions): Promise<void> {
  const { every, never } = options
  if (every !== undefined && never) throw usage('Say --every or --never, not both')
  const agent =
    every === undefined && !never
      ? await cli.api.call('POST', '/agents/:name/recertify', { params: { name } })
      : await cli.api.call('PUT', '/agents/:name/certification', {
          params: { name },
          body: { days: every ?? null },
        })
  const until = agent.recertify_by
  cli.say(
    until === null
      ? text`${green('✓')} ${bold(agent.id)} carries no date`
      : text`${green('✓')} ${bold(agent.id)} counts as wanted until ${moment(until)}; it is ${agent.status}`,
  )
  cli.answer(agent, () => [])
}

async function listDates(cli: Cli, options: RecertifyOptions): Promise<void> {
  if (options.every !== undefined || options.never) throw usage('Say which agent')
  const answer = await cli.api.call('GET', '/agents', {
    query: { after: options.after, dated: 'yes' },
  })
  const { agents, more } = answer
  cli.answer(answer, () =>
    agents.length === 0
      ? [dim('No agent carries a date. `remit agents recertify NAME --every DAYS` sets one.')]
      : [
          ...table(
            ['NAME', 'STATUS', 'RECERTIFY BY', 'OWNER'],
            agents.map((agent) => [
              bold(agent.id),
              statusWord(agent.status),
              moment(agent.recertify_by ?? ''),
              agent.owner_name ?? agent.owner,
            ]),
            cli.width,
          ),
          ...howToGoOn('remit agents recertify', more, agents),
        ],
  )
}

function readDays(given: string): number {
  const days = /^\d{1,4}$/.test(given) ? Number(given) : 0
  if (days < 1 || days > 3650) throw new InvalidArgumentError('days are 1 to 3650.')
  return days
}
