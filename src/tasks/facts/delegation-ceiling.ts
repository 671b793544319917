import { type Detail, intersect, type KindOf } from '@remit/engine'
import type { Agent } from '../../identity/agents/index.ts'
import type { Task } from '../tasks/index.ts'

/** The most an agent may hand to a child: its own list; where there is none, its ceiling. */
export function delegationCeiling(
  agent: Pick<Agent, 'ceiling' | 'mayDelegate'>,
): readonly Detail[] {
  return agent.mayDelegate ?? agent.ceiling
}

/**
 * Answers the details that children of a task may hold now: what the task may hand on, within what
 * its agent may hand on today, and within the same limit of every task above. `line`: the task and
 * those above it; `agents`: theirs.
 *
 * INVARIANT: no descendant ever holds more than a list above it, whatever was changed since it
 * opened: the lists on the rows never change, and a limit of an agent that was lowered counts at
 * once for what the agent handed out, as it does for what it does itself.
 */
export function mayHandOn(
  line: readonly Pick<Task, 'mayDelegate'>[],
  agents: readonly Pick<Agent, 'ceiling' | 'mayDelegate'>[],
  kindOf: KindOf,
): readonly Detail[] {
  const lists = line.map((task, i) => {
    const agent = agents[i]
    return agent ? intersect(task.mayDelegate, delegationCeiling(agent), kindOf) : []
  })
  return lists.reduce((left, list) => intersect(left, list, kindOf))
}
