import type { Command } from 'commander'
import type { Detail } from './agents/agent.ts'
import { readAllowed } from './agents/allowed.ts'
import { detailLines } from './agents/show.ts'
import { command, type Start } from './command.ts'
import { findPerson } from './person.ts'
import { table } from './terminal/table.ts'
import { bold, dim, green, joined, text } from './terminal/text.ts'
import { moment } from './terminal/time.ts'

interface Basis {
  readonly id: string
  readonly agent: string
  readonly kind: string
  readonly details: readonly Detail[]
  readonly expires_at: string | null
}

/** `remit bases …` */
export function basesCommand(start: Start): Command {
  const bases = command('bases', 'Why agents may act for people: consents and grants.', [
    'remit bases list',
    'remit bases grant invoice-bot sam@example.com --allow billing.invoices.read',
  ])
  for (const add of [listCommand, grantCommand]) bases.addCommand(add(start))
  return bases
}

function listCommand(start: Start): Command {
  return command('list', 'What agents may do for you, and why.', ['remit bases list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.get<{ bases: readonly Basis[] }>('/bases')
      const rows = await Promise.all(
        answer.bases.map(async ({ agent, details, expires_at, kind }) => [
          bold(agent),
          kind,
          expires_at === null ? dim('open') : moment(expires_at),
          joined(await detailLines(details), '; '),
        ]),
      )
      cli.answer(answer, () =>
        rows.length === 0
          ? [dim('No agent may act for you.')]
          : table(['AGENT', 'BASIS', 'UNTIL', 'WHAT'], rows, cli.width),
      )
    },
  )
}

interface GrantOptions {
  readonly allow?: readonly string[]
  readonly allowFile?: string
  readonly expires?: string
}

function grantCommand(start: Start): Command {
  return command(
    'grant',
    'Lets an agent act for a person without asking them, as an administrator.',
    [
      'remit bases grant invoice-bot sam@example.com --allow billing.invoices.read',
      'remit bases grant invoice-bot psn_… --allow-file details.json --expires 2027-01-01T00:00:00Z',
    ],
  )
    .argument('<agent>', 'the agent')
    .argument('<person>', 'id, e-mail or name')
    .option('--allow <action...>', 'actions, without bounds')
    .option('--allow-file <file>', 'details with bounds, as JSON')
    .option('--expires <time>', 'until when (RFC 3339)')
    .action(async (agent: string, wanted: string, given: GrantOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { allow: actions, allowFile: file, expires } = given
      const options = ['--allow ACTION …', '--allow-file FILE'] as const
      const details = await readAllowed(cli, { actions, file, options })
      const { id: person } = await findPerson(cli.api, wanted)
      const basis = await cli.api.send<{ id: string }>('POST', '/bases', {
        agent,
        person,
        details,
        ...(expires === undefined ? {} : { expires_at: expires }),
      })
      cli.say(text`${green('✓')} ${bold(agent)} may act for ${bold(wanted)} (${basis.id})`)
      cli.answer(basis, () => [])
    })
}
