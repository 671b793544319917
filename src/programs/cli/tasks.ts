import type { Command } from 'commander'
import { subjectLabel } from '../../console/api-operations/limits.ts'
import { TASKS } from '../../console/api-operations/tasks.ts'
import { facts, indented } from '../../platform/lib/terminal/table.ts'
import { bold, dim, type Text, text, type Value } from '../../platform/lib/terminal/text.ts'
import { moment, relativeMoment } from '../../platform/lib/terminal/time.ts'
import { statusWord } from '../../platform/lib/terminal/words.ts'
import { detailLines } from './authority.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { CommandFailure } from './failure.ts'
import { type LimitJson, limitLine } from './limit.ts'
import { nounCommand } from './operations/noun.ts'
import type { AnswerOf } from './server/operation-types.ts'
import { around, type TreePosition, treeLines } from './task-tree.ts'

/** `remit tasks …` */
export const tasksCommand = nounCommand(TASKS, [showCommand])

/** `remit tasks show ID` */
function showCommand(start: Start): Command {
  return command(
    'show',
    'One task: who, for whom, why, what it may do, and the tasks above and below it.',
    ['remit tasks show tsk_…', 'remit tasks show tsk_… --json   # with all of them'],
  )
    .argument('<id>', 'the task')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const { more, tasks } = await cli.api.call('GET', '/tasks/:id/tree', { params: { id } })
      const task = tasks.find((one) => one.id === id)
      if (!task) throw new CommandFailure('The server answered a tree without the task')
      const { limits } = await cli.api.call('GET', '/tasks/:id/limits', { params: { id } })
      await showTask(cli, { ...task, limits }, around(task, tasks, more))
    })
}

/** With the limits over all tasks that it falls under, as far as they are the caller's to see. */
type TaskWithLimits = AnswerOf<'GET', '/tasks/:id'> & AnswerOf<'GET', '/tasks/:id/limits'>

async function showTask(cli: Cli, task: TaskWithLimits, tree: TreePosition): Promise<void> {
  const details = await detailLines(task.details)
  const delegates = await detailLines(task.may_delegate)
  cli.answer({ ...task, tree }, () => [
    text`${bold(task.purpose)}`,
    ...indented(facts(taskRows(cli, task), cli.room)),
    ...section('What it may do', details),
    ...section('What it may hand on', delegates),
    '',
    bold('Tasks around it'),
    ...indented(treeLines(task, tree, cli.room)),
  ])
}

function taskRows(cli: Cli, task: TaskWithLimits): readonly (readonly [string, Value])[] {
  const { closed_at: closed, sponsor_grant: grant } = task
  return [
    ['task', task.id],
    ['state', statusWord(task.state)],
    ['agent', task.agent],
    ...task.actors.map((one): [string, Value] => ['behind', text`${one.sub}  ${dim(one.iss)}`]),
    [task.sponsored ? 'sponsor' : 'person', task.person],
    ['under', grant === null ? undefined : text`the sponsor grant ${grant}`],
    ['parent', task.parent ?? undefined],
    ...task.budget.map((limit): [string, Value] => ['budget', budgetLine(limit)]),
    ...task.limits.map((one): [string, Value] => [
      'limit',
      text`${budgetLine(one.limit)}  ${dim(subjectLabel(one))}`,
    ]),
    ['opened', moment(task.opened_at)],
    [
      'deadline',
      closed === null
        ? text`${moment(task.deadline)}, ${relativeMoment(task.deadline, cli.now)}`
        : undefined,
    ],
    ['closed', closed === null ? undefined : text`${moment(closed)}: ${task.close_reason ?? ''}`],
  ]
}

function section(title: string, lines: readonly Text[]): readonly Value[] {
  return ['', bold(title), ...indented(lines.length === 0 ? [dim('nothing')] : lines)]
}

function budgetLine(limit: LimitJson): Value {
  return limit.left === undefined ? limitLine(limit) : text`${limitLine(limit)}, ${limit.left} left`
}
