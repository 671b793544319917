import type { Command } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, joined, text } from '../lib/terminal/text.ts'
import { moment } from '../lib/terminal/time.ts'
import type { Detail } from './agents/agent.ts'
import { readAllowed } from './agents/allowed.ts'
import { detailLines } from './agents/show.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { readExpires } from './expires.ts'
import { findPerson } from './person.ts'

/** `remit bases …` */
export function basesCommand(start: Start): Command {
  const bases = command('bases', 'Why agents may act for people: consents and grants.', [
    'remit bases list',
    'remit bases grant invoice-bot sam@example.com --allow billing.invoices.read',
    'remit bases end bas_…',
  ])
  for (const add of [listCommand, grantCommand, endCommand]) bases.addCommand(add(start))
  return bases
}

function listCommand(start: Start): Command {
  return command('list', 'What agents may do for you, and why.', ['remit bases list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/bases', {})
      const rows = await Promise.all(
        answer.bases.map(async ({ agent, details, expires_at, id, kind }) => [
          id,
          bold(agent),
          kind,
          expires_at === null ? dim('open') : moment(expires_at),
          joined(await detailLines(details), '; '),
        ]),
      )
      cli.answer(answer, () =>
        rows.length === 0
          ? [dim('No agent may act for you.')]
          : table(['BASIS', 'AGENT', 'KIND', 'UNTIL', 'WHAT'], rows, cli.width),
      )
    },
  )
}

interface GrantOptions {
  readonly allow?: readonly string[]
  readonly allowFile?: string
  readonly delegate?: readonly string[]
  readonly expires?: string
}

function grantCommand(start: Start): Command {
  return command(
    'grant',
    'Lets an agent act for a person without asking them, as an administrator.',
    [
      'remit bases grant invoice-bot sam@example.com --allow billing.invoices.read',
      'remit bases grant planner-bot sam@example.com --delegate billing.invoices.read',
      'remit bases grant invoice-bot psn_… --allow-file details.json --expires 90d',
    ],
  )
    .argument('<agent>', 'the agent')
    .argument('<person>', 'id, e-mail or name')
    .option('--allow <action...>', 'actions, without bounds')
    .option('--allow-file <file>', 'details with bounds, as JSON')
    .option('--delegate <action...>', 'actions that it may hand on to child tasks; else none')
    .option('--expires <time>', 'from now (30d, 12h), or a time (RFC 3339)')
    .action(async (agent: string, wanted: string, given: GrantOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { allow: actions, allowFile: file, expires } = given
      const expires_at = expires === undefined ? undefined : readExpires(expires, cli.now)
      const options = ['--allow ACTION …', '--allow-file FILE'] as const
      const details = [
        ...(given.delegate !== undefined && actions === undefined && file === undefined
          ? []
          : await readAllowed(cli, { actions, file, options })),
        ...(await delegatesOf(cli, given.delegate)),
      ]
      const { id: person } = await findPerson(cli.api, wanted)
      const basis = await cli.api.call('POST', '/bases', {
        body: { agent, person, details, expires_at },
      })
      cli.say(text`${green('✓')} ${bold(agent)} may act for ${bold(wanted)} (${basis.id})`)
      cli.answer(basis, () => [])
    })
}

/** To hand on is not to do: it is said by itself. */
async function delegatesOf(
  cli: Cli,
  actions: readonly string[] | undefined,
): Promise<readonly Detail[]> {
  if (actions === undefined) return []
  const options = ['--delegate ACTION …', '--allow-file FILE'] as const
  const details = await readAllowed(cli, { actions, file: undefined, options })
  return details.map((detail) => ({ ...detail, type: 'remit_delegate' }))
}

function endCommand(start: Start): Command {
  return command(
    'end',
    'Ends a basis and every task that stands on it. Done when no replica permits any more.',
    ['remit bases end bas_…'],
  )
    .argument('<id>', 'your own consent; for administrators, any')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('POST', '/bases/:id/end', { params: { id } })
      cli.say(text`${green('✓')} ${bold(id)} has ended, and so has every task that stood on it`)
      cli.answer({ id, ended: true }, () => [])
    })
}
