import { budgetUse, budgetUses } from '../../../tasks/budgets/index.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import type { ApiParts } from '../parts.ts'
import { taskShape } from '../shapes.ts'

/** One task that is looked at: with how much of its budget is used. */
export async function shownTask(parts: Pick<ApiParts, 'decisions'>, task: Task) {
  return { ...taskShape(task), budget: await budgetUse(parts.decisions, task) }
}

/** Shows several tasks at once, each with how much of its budget is used. */
export async function shownTasks(parts: Pick<ApiParts, 'decisions'>, tasks: readonly Task[]) {
  const uses = await budgetUses(parts.decisions, tasks)
  return tasks.map((task) => ({ ...taskShape(task), budget: [...(uses.get(task.id) ?? [])] }))
}
