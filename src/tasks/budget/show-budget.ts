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
  if (task.budget.length === 0) return []
  const states = await budgetsOf(parts.storage.read, [task.id])
  return task.budget.map((limit) => ({
    ...limit,
    used: amountInWords(limit, stateOf(states, task, limit).used),
  }))
}
