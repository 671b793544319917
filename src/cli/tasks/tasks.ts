import { type Command, InvalidArgumentError, Option } from 'commander'
import { statusWord } from '../../lib/terminal/status-word.ts'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { relative } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'
import { showCommand } from './show.ts'

/** `remit tasks …` */
export function tasksCommand(start: Start): Command {
  const tasks = command('tasks', 'Work that agents do for people.', [
    'remit tasks list --state open',
    'remit tasks show tsk_…',
    'remit tasks close tsk_… --reason "not needed any more"',
  ])
  for (const add of [listCommand, showCommand, ...actCommands]) tasks.addCommand(add(start))
  return tasks
}

interface ListOptions {
  readonly agent?: string
  readonly state?: 'open' | 'suspended' | 'closed'
  readonly limit?: string
}

function listCommand(start: Start): Command {
  return command('list', 'Tasks, newest first: yours, or everyone’s for administrators.', [
    'remit tasks list --agent refund-bot --state open',
  ])
    .option('--agent <name>', 'only those of this agent')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        'open',
        'suspended',
        'closed',
      ]),
    )
    .option('--limit <number>', 'at most so many; 50 when not said, 200 at most', readLimit)
    .action(async (options: ListOptions, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/tasks', { query: { ...options } })
      cli.answer(answer, () =>
        answer.tasks.length === 0
          ? [dim('No tasks.')]
          : table(
              ['TASK', 'STATE', 'AGENT', 'OPENED', 'PURPOSE'],
              answer.tasks.map((task) => [
                task.id,
                statusWord(task.state),
                bold(task.agent),
                relative(task.opened_at, cli.now),
                task.purpose,
              ]),
              cli.width,
            ),
      )
    })
}

export function readLimit(given: string): string {
  if (!/^[1-9]\d{0,2}$/.test(given))
    throw new InvalidArgumentError('a limit is a number from 1 on.')
  return given
}

const ACTS = {
  close: [
    'Ends a task and everything below it, for good. Done when no replica permits any more.',
    'is closed',
  ],
  suspend: ['Lets a task stand still. Nothing is closed.', 'is suspended'],
  resume: ['Lets a suspended task continue.', 'continues'],
} as const

const actCommands = (['close', 'suspend', 'resume'] as const).map(
  (act) =>
    (start: Start): Command =>
      command(act, ACTS[act][0], [`remit tasks ${act} tsk_…`])
        .argument('<id>', 'the task')
        .option('--reason <text>', 'why; it is recorded')
        .action(async (id: string, { reason }: { reason?: string }, invoked: Command) => {
          const cli = await start(invoked)
          const route = `/tasks/:id/${act}` as const
          const task = await cli.api.call('POST', route, { params: { id }, body: { reason } })
          cli.say(text`${green('✓')} ${bold(task.id)} ${ACTS[act][1]}`)
          cli.answer(task, () => [])
        }),
)
