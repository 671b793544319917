import { type Command, InvalidArgumentError } from 'commander'
import { AGENTS } from '../../console/api-operations/agents/agents.ts'
import type { Terminal } from '../../console/operation-kit/terminal.ts'
import { bold, dim, green, text } from '../../platform/lib/terminal/text.ts'
import { moment } from '../../platform/lib/terminal/time.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { usage } from './failure.ts'
import { nounCommand } from './operations/noun.ts'

/** `remit agents …`; commands of more than one operation are written by hand. */
export const agentsCommand = nounCommand(AGENTS, [recertifyCommand, certificateCommand])

interface RecertifyOptions {
  readonly every?: number
  readonly never?: true
  readonly after?: string
}

/** `remit agents recertify [NAME]` */
function recertifyCommand(start: Start, terminal: Terminal): Command {
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
      if (name === undefined) await listDates(cli, terminal, options)
      else await recertify(cli, name, options)
    })
}

async function recertify(cli: Cli, name: string, options: RecertifyOptions): Promise<void> {
  const { every, never } = options
  if (every !== undefined && never) throw usage('Say --every or --never, not both')
  const params = { name }
  const agent =
    every === undefined && !never
      ? await cli.api.call('POST', '/agents/:name/recertify', { params })
      : await cli.api.call('PUT', '/agents/:name/certification', {
          params,
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

async function listDates(cli: Cli, terminal: Terminal, options: RecertifyOptions): Promise<void> {
  if (options.every !== undefined || options.never) throw usage('Say which agent')
  const answer = await cli.api.call('GET', '/agents', {
    query: { after: options.after, dated: 'yes' },
  })
  cli.answer(answer, () => [
    ...terminal.table(
      answer.agents,
      {
        NAME: ({ id }) => bold(id),
        STATUS: ({ status }) => terminal.status(status),
        'RECERTIFY BY': ({ recertify_by }) => moment(recertify_by ?? ''),
        OWNER: ({ owner, owner_name }) => owner_name ?? owner,
      },
      'No agent carries a date. `remit agents recertify NAME --every DAYS` sets one.',
    ),
    ...terminal.goOn('remit agents recertify', answer.more, answer.agents),
  ])
}

function readDays(given: string): number {
  const days = /^\d{1,4}$/.test(given) ? Number(given) : 0
  if (days < 1 || days > 3650) throw new InvalidArgumentError('days are 1 to 3650.')
  return days
}

const NAME_KINDS = {
  subject: 'subject_dn',
  dns: 'san_dns',
  uri: 'san_uri',
  ip: 'san_ip',
  email: 'san_email',
} as const
const NAME_OPTIONS = Object.keys(NAME_KINDS) as (keyof typeof NAME_KINDS)[] // as: those are all

type NameOptions = Partial<Record<keyof typeof NAME_KINDS, string>> & { readonly remove?: true }

/** `remit agents certificate NAME` */
function certificateCommand(start: Start): Command {
  return command(
    'certificate',
    'Says how client certificates of an authority call an agent; without a name in them, lists those.',
    [
      'remit agents certificate invoice-bot',
      'remit agents certificate invoice-bot --subject "CN=invoice-bot,O=Acme"',
      'remit agents certificate invoice-bot --dns invoices.internal.example --remove',
    ],
  )
    .argument('<name>', 'the agent')
    .option('--subject <dn>', 'the whole subject, as RFC 4514 writes it')
    .option('--dns <host>', 'a host of its subjectAltName')
    .option('--uri <uri>', 'a URI of it')
    .option('--ip <address>', 'an IP address of it')
    .option('--email <address>', 'an e-mail address of it')
    .option('--remove', 'take it back')
    .action(async (name: string, options: NameOptions, invoked: Command) => {
      const cli = await start(invoked)
      const params = { name }
      const route = '/agents/:name/certificate-names'
      const [one, ...more] = NAME_OPTIONS.flatMap((option) => {
        const value = options[option]
        return value === undefined ? [] : [{ kind: NAME_KINDS[option], value }]
      })
      if (more.length > 0 || (options.remove && !one)) throw usage('Say one name at a time')
      const { certificate_names: names } = one
        ? await cli.api.call('POST', options.remove ? `${route}/remove` : route, {
            params,
            body: one,
          })
        : await cli.api.call('GET', route, { params })
      if (one)
        cli.say(
          options.remove
            ? text`${green('✓')} ${one.kind} ${one.value} is not ${bold(name)} any more`
            : text`${green('✓')} certificates with ${one.kind} ${one.value} are ${bold(name)}`,
        )
      cli.answer({ agent: name, certificate_names: names }, () => {
        if (names.length === 0) return [dim('No certificate name leads to this agent.')]
        return names.map(({ kind, value }) => text`${kind.padEnd(10)} ${value}`)
      })
    })
}
