import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, red, type Text, yellow } from '../../lib/terminal/text.ts'
import { relative } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { readLimit } from '../tasks/tasks.ts'

type Decision = AnswerOf<'GET', '/decisions'>['decisions'][number]

interface ListOptions {
  readonly agent?: string
  readonly task?: string
  readonly limit?: string
}

/** `remit decisions list` */
export function listCommand(start: Start): Command {
  return command('list', 'Decisions, newest first: about your tasks, or all for administrators.', [
    'remit decisions list --agent refund-bot --limit 10',
    'remit decisions list --task tsk_…',
  ])
    .option('--agent <name>', 'only those about this agent')
    .option('--task <id>', 'only those of this task')
    .option('--limit <number>', 'at most so many; 50 when not said, 200 at most', readLimit)
    .action(async (options: ListOptions, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/decisions', { query: { ...options } })
      cli.answer(answer, () =>
        answer.decisions.length === 0
          ? [dim('Nothing was decided yet.')]
          : table(
              ['DECISION', 'WHEN', 'AGENT', 'ACTION', 'OUTCOME'],
              answer.decisions.map((each) => [
                each.id,
                relative(each.at, cli.now),
                bold(each.agent ?? '–'),
                each.action ?? dim('–'),
                outcomeWords(each),
              ]),
              cli.width,
            ),
      )
    })
}

type Outcome = Pick<Decision, 'outcome' | 'reason' | 'state' | 'status'>

/** What came of it, in a few words. */
function outcomeWords({ outcome, reason, state, status }: Outcome): Text {
  if (outcome === 'challenged') return dim('asked to prove its key with a nonce')
  if (outcome === 'deny') return red(`refused: ${reason}`)
  if (outcome === 'requestable') return yellow('a person has to approve it')
  switch (state) {
    case 'answered':
      return (status ?? 0) >= 400
        ? yellow(`permitted; the API answered ${status}`)
        : green(`done; the API answered ${status}`)
    case 'failed':
      return yellow('permitted; the API failed, its effect is unknown')
    case 'not_sent':
      return dim('permitted, but not sent')
    case 'indeterminate':
      return yellow('permitted; the outcome is unknown')
    default:
      return green('permitted; under way')
  }
}
