import { closeTasks } from './close.ts'
import type { TaskParts } from './task.ts'
import { tasksPastDeadline } from './task-store.ts'

const AT_ONCE = 100

/** Closes every task whose deadline has passed. Answers how many. Calls and tokens judge the deadline themselves, too. */
export async function expireTasks(parts: TaskParts): Promise<number> {
  let count = 0
  for (;;) {
    const due = await tasksPastDeadline(parts.storage.read, parts.clock.now(), AT_ONCE)
    if (due.length === 0) return count
    const change = await parts.storage.lanes.revocation.transaction((tx) =>
      closeTasks(parts, tx, due, { by: 'system', reason: 'deadline' }),
    )
    await parts.live.settle(change)
    count += due.length
    if (due.length < AT_ONCE) return count
  }
}
