import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { readLimit } from '../tasks/tasks.ts'
import { grantCommand } from './grant.ts'
import { nextInWords, showGrant, standing } from './sponsor-grant.ts'

/** `remit sponsor-grants …` */
export function sponsorGrantsCommand(start: Start): Command {
  const grants = command(
    'sponsor-grants',
    'What lets agents work while nobody is present: in whose name, what, when, and until when.',
    [
      'remit sponsor-grants list',
      'remit sponsor-grants grant night-clerk --purpose "nightly list of orders" --action orders.list --expires 30d',
      'remit sponsor-grants end spg_…',
    ],
  )
  for (const add of [listCommand, showCommand, grantCommand, endCommand])
    grants.addCommand(add(start))
  return grants
}

interface ListOptions {
  readonly agent?: string
  readonly limit?: string
}

function listCommand(start: Start): Command {
  return command(
    'list',
    'Sponsor grants, newest first: those you gave and those for your agents, or everyone’s for administrators.',
    ['remit sponsor-grants list --agent night-clerk'],
  )
    .option('--agent <name>', 'only those for this agent')
    .option('--limit <number>', 'at most so many; 50 when not said, 200 at most', readLimit)
    .action(async (options: ListOptions, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/sponsor-grants', { query: { ...options } })
      cli.answer(answer, () =>
        answer.sponsor_grants.length === 0
          ? [dim('No sponsor grants: no agent opens a task while nobody is present.')]
          : table(
              ['GRANT', 'AGENT', 'STATE', 'OPENED', 'NEXT', 'PURPOSE'],
              answer.sponsor_grants.map((grant) => [
                grant.id,
                bold(grant.agent),
                standing(grant),
                grant.opened,
                nextInWords(cli, grant),
                grant.purpose,
              ]),
              cli.width,
            ),
      )
    })
}

function showCommand(start: Start): Command {
  return command('show', 'One sponsor grant: what it permits, and how often it was used.', [
    'remit sponsor-grants show spg_…',
  ])
    .argument('<id>', 'the sponsor grant')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await showGrant(cli, await cli.api.call('GET', '/sponsor-grants/:id', { params: { id } }))
    })
}

function endCommand(start: Start): Command {
  return command(
    'end',
    'Ends a sponsor grant and every task under it, for good. Done when no replica permits any more.',
    ['remit sponsor-grants end spg_…'],
  )
    .argument('<id>', 'the sponsor grant')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('POST', '/sponsor-grants/:id/end', { params: { id } })
      cli.say(text`${green('✓')} ${bold(id)} has ended, and so has every task under it`)
      cli.answer({ id, ended: true }, () => [])
    })
}
