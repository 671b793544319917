import { closeTasks, type TaskClosing } from './close.ts'
import type { TaskParts } from './task.ts'
import { unclosedTasks } from './task-store.ts'

const AT_ONCE = 200

/** Closes every task that there is, some at a time. Answers how many it found. */
export async function closeAllTasks(
  parts: TaskParts,
  why: Omit<TaskClosing, 'taskId'>,
): Promise<number> {
  let count = 0
  for (;;) {
    const ids = await unclosedTasks(parts.storage.read, AT_ONCE)
    if (ids.length === 0) return count
    const change = await parts.storage.lanes.revocation.transaction((tx) =>
      closeTasks(parts, tx, ids, why),
    )
    await parts.live.settle(change)
    count += ids.length
  }
}
