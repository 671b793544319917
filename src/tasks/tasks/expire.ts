import type { Reader } from '../../platform/storage/index.ts'
import { closeTasks } from './close.ts'
import type { TaskParts } from './task.ts'
import { tasksPastDeadline } from './task-store.ts'
import { idleTasks } from './task-use.ts'

const AT_ONCE = 100

/** Closes every task whose deadline has passed. Answers how many. Calls and tokens judge the deadline themselves, too. */
export function expireTasks(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
): Promise<number> {
  return closeDue(parts, tasksPastDeadline, 'deadline')
}

/** Closes every task that was not used for too long. Answers how many. Calls and tokens judge that themselves, too. */
export function closeIdleTasks(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
): Promise<number> {
  return closeDue(parts, idleTasks, 'idle')
}

async function closeDue(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  find: (db: Reader, now: number, count: number) => Promise<string[]>,
  reason: string,
): Promise<number> {
  let count = 0
  for (;;) {
    const due = await find(parts.storage.read, parts.clock.now(), AT_ONCE)
    if (due.length === 0) return count
    const { change, closed } = await parts.storage.lanes.revocation.transaction(async (tx) => {
      // INVARIANT: a task used meanwhile goes on.
      const still = await find(tx, parts.clock.now(), AT_ONCE)
      const why = { by: 'system', reason }
      return { closed: still.length, change: await closeTasks(parts, tx, still, why) }
    })
    await parts.live.settle(change)
    count += closed
    if (closed < AT_ONCE) return count
  }
}
