import { isId } from '../../../platform/lib/id.ts'
import { bold, dim, text } from '../../../platform/lib/terminal/text.ts'
import { relativeMoment } from '../../../platform/lib/terminal/time.ts'
import type { OpenTask } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../failure.ts'
import { type ActingAgent, actingAgent } from './acting-agent.ts'
import { type CallOptions, readAskedDetails } from './asked.ts'
import { KeptTasks, type TaskWork } from './kept-tasks.ts'
import { openForPerson } from './open-task.ts'
import {
  type RepresentedOptions,
  type RepresentedPerson,
  representedPerson,
} from './represented.ts'
import type { CallTarget } from './target.ts'

export interface WorkOptions extends RepresentedOptions {
  readonly agent?: string
  readonly key?: string
  readonly purpose?: string
  readonly details?: string
  readonly scope?: readonly string[]
  readonly all?: true
}

/** Work of a call: for whom, as which agent, where, and with what authority. */
export interface CallWork {
  readonly target: CallTarget
  readonly agent: ActingAgent
  readonly person: RepresentedPerson
  readonly purpose: string
  readonly asked: CallOptions
}

export async function readWork(
  cli: Cli,
  { method, target }: { readonly method: string; readonly target: CallTarget },
  options: WorkOptions,
): Promise<CallWork> {
  const { purpose } = options
  if (purpose === undefined) {
    throw usage('Give a purpose: people will read it', '--purpose "refund order 1042"')
  }
  const agent = await actingAgent(cli, options)
  return {
    target,
    agent,
    purpose,
    person: await representedPerson(cli, agent.id, options),
    asked: await readAskedDetails(cli.world, options, target, method),
  }
}

/** The open tasks of this work, the likeliest to cover the call first. */
export async function keptTasks(cli: Cli, work: CallWork): Promise<readonly OpenTask[]> {
  const { asked, target } = work
  const kept = await new KeptTasks(cli.world).find(taskWorkOf(cli, work), target.identifier, asked)
  return kept.map(({ task }) => task)
}

/** Opens a task for this work, and keeps it for the next call. */
export async function openTaskFor(cli: Cli, work: CallWork, wait: boolean): Promise<OpenTask> {
  const task = await openForPerson(cli, { ...work, wait })
  if (isId('task', task.id))
    await new KeptTasks(cli.world).keep(taskWorkOf(cli, work), task, work.asked)
  tellTask(cli, work, task, 'new')
  return task
}

function taskWorkOf(cli: Cli, { agent, person, purpose }: CallWork): TaskWork {
  return { url: cli.url, agent: agent.id, person: person.label, purpose }
}

export function tellTask(
  cli: Cli,
  { agent, person }: CallWork,
  task: OpenTask,
  since: string,
): void {
  const about = text`${task.id} ${since}, ends ${relativeMoment(task.expiresAt, cli.now)}`
  cli.say(text`${dim('→')} ${bold(agent.id)} for ${person.label}  ${dim(about)}`)
}
