import { closeTasks, type TaskClosing } from './close.ts'
import type { TaskParts } from './task.ts'
import { type TasksOf, unclosedTasks } from './task-store.ts'

const AT_ONCE = 200

/** Closes every task that there is, or every one of an agent or for a person, some at a time. Answers how many it found. */
export async function closeAllTasks(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  why: Omit<TaskClosing, 'taskId'>,
  of: TasksOf = {},
): Promise<number> {
  let count = 0
  for (;;) {
    const ids = await unclosedTasks(parts.storage.read, AT_ONCE, of)
    if (ids.length === 0) return count
    const change = await parts.storage.lanes.revocation.transaction((tx) =>
      closeTasks(parts, tx, ids, why),
    )
    await parts.live.settle(change)
    count += ids.length
  }
}
