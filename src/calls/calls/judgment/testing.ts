import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { insertCountsQuery } from '../../../tasks/budgets/budget-store.ts'
import type { Limit } from '../../../tasks/budgets/index.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import type { HeldTask, World } from '../testing.ts'

/** A task of Sam's with a budget, below another one when told so. */
export async function limited(
  world: World,
  budget: readonly Limit[],
  parent?: HeldTask,
): Promise<HeldTask> {
  const held = await world.open()
  const above = parent?.opened.task
  const task: Task = { ...held.opened.task, budget }
  // The task was not read yet: every reader will see the change.
  await world.parts.storage.transaction(async (tx) => {
    await tx
      .updateTable('tasks')
      .set({
        budget: canonicalJson(budget),
        ...(above ? { parent_id: above.id, root_id: above.rootId } : {}),
      })
      .where('id', '=', task.id)
      .execute()
    if (budget.length > 0) await tx.executeQuery(insertCountsQuery(tx, task.id, budget).compile())
  })
  return held
}
