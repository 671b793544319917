import type { TaskParts } from '../parts.ts'
import type { Limit, Task } from '../task.ts'
import { amountInWords } from './amount.ts'
import { budgetsOf } from './budget-store.ts'
import { stateOf } from './peek-budget.ts'

/** A limit and how much of it is used, as exact text in the unit in which the limit was given. */
export type LimitUse = Limit & { readonly used: string }

/** How the budget of a task stands. It counts what was sent, and what may have been. */
export async function budgetUse(
  parts: Pick<TaskParts, 'storage'>,
  task: Task,
): Promise<LimitUse[]> {
  return [...((await budgetUses(parts, [task])).get(task.id) ?? [])]
}

/** The same of several tasks at once, by their ids. */
export async function budgetUses(
  parts: Pick<TaskParts, 'storage'>,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, readonly LimitUse[]>> {
  const limited = tasks.filter(({ budget }) => budget.length > 0)
  const states = await budgetsOf(
    parts.storage.read,
    limited.map(({ id }) => id),
  )
  return new Map(
    limited.map((task) => [
      task.id,
      task.budget.map((limit) => ({
        ...limit,
        used: amountInWords(limit, stateOf(states, task, limit).used),
      })),
    ]),
  )
}
