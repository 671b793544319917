import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Detail } from './agents/agent.ts'
import { detailLines, statusWord } from './agents/show.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { at } from './server/api.ts'
import { facts, indented, table } from './terminal/table.ts'
import { bold, dim, green, text, type Value } from './terminal/text.ts'
import { moment, relative } from './terminal/time.ts'

interface LimitUse {
  readonly kind: 'calls' | 'sum'
  readonly most: string
  readonly used: string
  readonly action?: string
  readonly path?: string
}

interface Task {
  readonly id: string
  readonly state: string
  readonly purpose: string
  readonly person: string
  readonly agent: string
  readonly parent: string | null
  readonly details: readonly Detail[]
  readonly budget: readonly LimitUse[]
  readonly opened_at: string
  readonly deadline: string
  readonly closed_at: string | null
  readonly close_reason: string | null
}

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
  readonly state?: string
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
      const answer = await cli.api.get<{ tasks: readonly Task[] }>('/tasks', { ...options })
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

function showCommand(start: Start): Command {
  return command('show', 'One task: who, for whom, why, and what it may do.', [
    'remit tasks show tsk_…',
  ])
    .argument('<id>', 'the task')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await showTask(cli, await cli.api.get<Task>(at`/tasks/${id}`))
    })
}

async function showTask(cli: Cli, task: Task): Promise<void> {
  const details = await detailLines(task.details)
  cli.answer(task, () => [
    text`${bold(task.purpose)}`,
    ...indented(
      facts(
        [
          ['task', task.id],
          ['state', statusWord(task.state)],
          ['agent', task.agent],
          ['person', task.person],
          ['parent', task.parent ?? undefined],
          ...task.budget.map((limit): [string, Value] => ['budget', limitLine(limit)]),
          ['opened', moment(task.opened_at)],
          [
            'deadline',
            task.closed_at === null
              ? text`${moment(task.deadline)}, ${relative(task.deadline, cli.now)}`
              : undefined,
          ],
          [
            'closed',
            task.closed_at === null
              ? undefined
              : text`${moment(task.closed_at)}: ${task.close_reason ?? ''}`,
          ],
        ],
        cli.room,
      ),
    ),
    '',
    bold('What it may do'),
    ...indented(details),
  ])
}

/** `3 of 20 calls used`. */
function limitLine({ action, kind, most, path, used }: LimitUse): Value {
  if (kind === 'calls') return `${used} of ${most} calls used`
  return text`${used} of ${most} used, adding up ${path?.slice(1) ?? ''} of ${action ?? ''}`
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
          const body = reason === undefined ? {} : { reason }
          const task = await cli.api.send<Task>('POST', at`/tasks/${id}/${act}`, body)
          cli.say(text`${green('✓')} ${bold(task.id)} ${ACTS[act][1]}`)
          cli.answer(task, () => [])
        }),
)
