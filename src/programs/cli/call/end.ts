import { bold, dim, green, text } from '../../../platform/lib/terminal/text.ts'
import { type OpenTask, taskRequest } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../failure.ts'
import { refusedFailure, unreachableFailure } from '../server/refused.ts'
import { KeptTasks } from './kept-tasks.ts'

export interface EndOptions {
  readonly agent?: string
  readonly person?: string
  readonly purpose?: string
}

/** `remit call end`: closes the tasks of earlier calls that fit the options. */
export async function closeKept(
  cli: Cli,
  { agent, person, purpose }: EndOptions,
  extra: string | undefined,
): Promise<void> {
  if (extra !== undefined) {
    throw usage('`remit call end` takes no path', 'say which tasks by --agent, --person, --purpose')
  }
  const tasks = await new KeptTasks(cli.world).list({
    url: cli.url,
    ...(agent === undefined ? {} : { agent }),
    ...(person === undefined ? {} : { person }),
    ...(purpose === undefined ? {} : { purpose }),
  })
  for (const { task } of tasks) await endTask(cli, task)
  if (tasks.length === 0) cli.say(dim('No task of such calls is open.'))
  cli.answer({ closed: tasks.map(({ task }) => task.id) }, () => [])
}

/** Closes a task, by its own token. One that is closed already is as it should be. */
export async function endTask(cli: Cli, task: OpenTask): Promise<void> {
  const answer = await taskRequest(task, { method: 'DELETE', path: '' }).catch((error: unknown) => {
    throw unreachableFailure(cli.url, error)
  })
  const failure = answer.ok ? undefined : await refusedFailure(cli.url, answer)
  if (failure && failure.code !== 'task.closed' && failure.code !== 'task.already_closed')
    throw failure
  await new KeptTasks(cli.world).forget(task.id)
  cli.say(text`${green('✓')} ${bold(task.id)} is closed; everything it held is dead`)
}
