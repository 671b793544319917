import type { Command } from 'commander'
import { facts, indented } from '../lib/terminal/table.ts'
import { bold, dim, joined, text, type Value } from '../lib/terminal/text.ts'
import { relative } from '../lib/terminal/time.ts'
import { riskWord } from '../lib/terminal/words.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { at } from './server/api.ts'
import type { AnswerOf } from './server/operation-types.ts'

type Waiting = AnswerOf<'GET', '/access-requests'>

interface ListOptions {
  readonly limit?: string
  readonly after?: string
  readonly before?: string
  readonly agent?: string
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
    'remit approvals list --agent refund-bot --limit 10',
  ])
    .option('--agent <id>', 'only what this agent asks you')
    .option('--limit <count>', 'at most this many, 50 by default, 200 at most')
    .option('--after <id>', 'what stands behind this request: lists are oldest first')
    .option('--before <id>', 'what stands before this request')
    .action(async ({ after, agent, before, limit }: ListOptions, invoked: Command) => {
      const cli = await start(invoked)
      const query = { after, agent, before, limit, for_me_after: after, for_me_before: before }
      const waiting = await cli.api.call('GET', '/access-requests', { query })
      cli.answer(waiting, () => {
        const parts = [
          ...requests(cli, 'For you to answer', waiting.to_answer),
          ...of(waiting.agents),
          ...requests(cli, 'On your behalf', waiting.for_me),
          ...further(waiting, before !== undefined),
        ]
        return parts.length === 0 ? [dim('Nothing waits.')] : parts.slice(0, -1)
      })
    })
}

/** Where several agents ask: so that one that asks much hides nobody. */
function of(agents: Waiting['agents']): readonly Value[] {
  if (agents.length < 2) return []
  const told = agents.map(({ agent, waiting }) => text`${agent} ${waiting}`)
  return [text`Waiting for you, by agent: ${joined(told, ', ')}`, '']
}

function further(waiting: Waiting, back: boolean): readonly Value[] {
  const list = waiting.more ? waiting.to_answer : waiting.for_me_more ? waiting.for_me : []
  const edge = back ? list.at(0) : list.at(-1)
  return edge ? [dim(text`There are more: ${back ? '--before' : '--after'} ${edge.id}`), ''] : []
}

function requests(cli: Cli, title: string, list: Waiting['for_me']): readonly Value[] {
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
