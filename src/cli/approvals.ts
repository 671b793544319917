import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { riskWord } from './resources/show.ts'
import { at } from './server/api.ts'
import { facts, indented } from './terminal/table.ts'
import { bold, dim, text, type Value } from './terminal/text.ts'
import { relative } from './terminal/time.ts'

interface AccessRequest {
  readonly id: string
  readonly state: string
  readonly task: string
  readonly agent: string
  readonly person: string
  readonly action: string
  readonly text: string
  readonly risk: string
  readonly page: string
  readonly created_at: string
  readonly expires_at: string
}

interface Waiting {
  readonly to_answer: readonly AccessRequest[]
  readonly for_me: readonly AccessRequest[]
}

/**
 * `remit approvals`: what waits for people. INVARIANT: it lists and opens pages, and answers nothing (contract 10): whoever
 * got hold of a session could otherwise approve what its agent asks for.
 */
export function approvalsCommand(start: Start): Command {
  const approvals = command('approvals', 'Calls that wait for a person.', [
    'remit approvals',
    'remit approvals open req_…',
  ])
  approvals.addCommand(listCommand(start), { isDefault: true })
  approvals.addCommand(openCommand(start))
  return approvals
}

function listCommand(start: Start): Command {
  return command('list', 'What waits for you, and what waits for others on your behalf.', [
    'remit approvals list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const waiting = await cli.api.get<Waiting>('/access-requests')
    cli.answer(waiting, () => {
      const parts = [
        ...requests(cli, 'For you to answer', waiting.to_answer),
        ...requests(cli, 'On your behalf, for others to answer', waiting.for_me),
      ]
      return parts.length === 0 ? [dim('Nothing waits.')] : parts.slice(0, -1)
    })
  })
}

function requests(cli: Cli, title: string, list: readonly AccessRequest[]): readonly Value[] {
  if (list.length === 0) return []
  const room = cli.width === undefined ? undefined : cli.width - 4
  const each = list.flatMap((request) => [
    ...indented([text`${bold(request.text)}`]),
    ...indented(
      facts(
        [
          ['asked by', text`${request.agent}, ${relative(request.created_at, cli.now)}`],
          ['risk', riskWord(request.risk)],
          ['ends', text`${relative(request.expires_at, cli.now)}, and that denies it`],
          ['answer at', request.page],
        ],
        room,
      ),
      4,
    ),
    '',
  ])
  return [bold(title), '', ...each]
}

function openCommand(start: Start): Command {
  return command('open', 'Opens the page of a request in the browser.', [
    'remit approvals open req_…',
  ])
    .argument('<id>', 'the request')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const page = cli.url + at`/approvals/${id}`
      cli.open(page)
      cli.answer({ page }, () => [page])
    })
}
