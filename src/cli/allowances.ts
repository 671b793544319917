import type { Command } from 'commander'
import { facts, indented } from '../lib/terminal/table.ts'
import { bold, dim, green, text, type Value } from '../lib/terminal/text.ts'
import { relative } from '../lib/terminal/time.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import type { AnswerOf } from './server/operation-types.ts'

type Allowance = AnswerOf<'DELETE', '/allowances/:id'>

/** `remit allowances …`. INVARIANT: it lists and ends; what widens is answered on pages (contract 10). */
export function allowancesCommand(start: Start): Command {
  const allowances = command('allowances', 'Answers that stand for more than one call.', [
    'remit allowances list',
    'remit allowances end alw_…',
  ])
  allowances.addCommand(listCommand(start), { isDefault: true })
  allowances.addCommand(endCommand(start))
  return allowances
}

function listCommand(start: Start): Command {
  return command('list', 'Those that you gave, and those for calls on your behalf.', [
    'remit allowances list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/allowances', {})
    cli.answer(answer, () =>
      answer.allowances.length === 0
        ? [dim('No answer stands: every such call asks.')]
        : answer.allowances.flatMap((allowance) => allowanceLines(cli, allowance)).slice(0, -1),
    )
  })
}

function allowanceLines(cli: Cli, allowance: Allowance): readonly Value[] {
  const { agent, id, person, person_name, task } = allowance
  const { given_by: givers, last_used_at: lastUsed } = allowance
  const room = cli.width === undefined ? undefined : cli.width - 2
  return [
    bold(allowance.text),
    ...indented(
      facts(
        [
          ['id', id],
          ['left', left(allowance)],
          ['for', text`${agent} on behalf of ${person_name ?? person}, ${task ?? 'in every task'}`],
          ['ends', relative(allowance.expires_at, cli.now)],
          ['last used', lastUsed === null ? dim('not yet') : relative(lastUsed, cli.now)],
          ['given by', givers.map(({ id: giver, name }) => name ?? giver).join(', ')],
        ],
        room,
      ),
    ),
    '',
  ]
}

function left({ uses, uses_left: rest }: Allowance): string {
  return uses === null ? 'as often as needed' : `${rest} of ${uses}`
}

function endCommand(start: Start): Command {
  return command('end', 'Ends one: from now on such calls ask again.', [
    'remit allowances end alw_…',
  ])
    .argument('<id>', 'the standing answer')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const ended = await cli.api.call('DELETE', '/allowances/:id', { params: { id } })
      cli.say(text`${green('✓')} ${bold(ended.text)} asks again`)
      cli.answer(ended, () => [])
    })
}
