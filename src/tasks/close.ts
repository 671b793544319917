import { cancelRequests, endAllowancesOf } from '../approvals/index.ts'
import { Problem } from '../lib/problem.ts'
import type { Change } from '../live/index.ts'
import type { Tx } from '../storage/index.ts'
import type { TaskParts } from './parts.ts'
import type { Task } from './task.ts'
import { findTask, markClosed, openTree, rootsOf } from './task-store.ts'
import { holdTrees } from './tree-store.ts'

/** Which task, by whom (a person, a task, or `system`), and a code for why. */
export interface Closing {
  readonly taskId: string
  readonly by: string
  readonly reason: string
  /** What the person said about it: kept beside the record, never in it. */
  readonly note?: string | undefined
}

/**
 * Closes a task and everything below it, for good: rows, access requests and live state in one transaction. When it has
 * returned, no replica permits anything under any of them. Closing what is closed is no error.
 * @throws Problem `task.unknown`
 */
export async function closeTask(parts: TaskParts, closing: Closing): Promise<Task> {
  const { task, change } = await parts.storage.transaction(async (tx) => {
    const known = await findTask(tx, closing.taskId)
    if (!known) throw new Problem('task.unknown', `there is no task \`${closing.taskId}\``)
    await holdTrees(tx, [known.rootId])
    const ended = await closeTree(parts, tx, closing)
    // INVARIANT: a second call, too, returns only when no replica permits; the first may still be waiting for one.
    const raised = await raiseEnded(parts, tx, ended.length > 0 ? ended : [known.id])
    return { task: (await findTask(tx, known.id)) ?? known, change: raised }
  })
  await parts.live.settle(change)
  return task
}

/**
 * Several closings in one transaction and one settling: what an ended agent, person or basis takes with it. Those that
 * are closed already are raised too: whoever closed them may still be waiting for a replica, and so must this caller.
 */
export async function closeTasks(
  parts: TaskParts,
  tx: Tx,
  taskIds: readonly string[],
  why: Omit<Closing, 'taskId'>,
): Promise<Change> {
  const ended = new Set(taskIds)
  await holdTrees(tx, await rootsOf(tx, taskIds))
  for (const taskId of taskIds) {
    for (const id of await closeTree(parts, tx, { ...why, taskId })) ended.add(id)
  }
  return raiseEnded(parts, tx, [...ended])
}

/**
 * Rows, access requests, allowances and records, while the tree is held. Children first, so that no record speaks of an open task
 * under a closed one.
 */
async function closeTree(parts: TaskParts, tx: Tx, closing: Closing): Promise<string[]> {
  const ended: string[] = []
  for (const task of (await openTree(tx, closing.taskId)).toReversed()) {
    const reason = task.id === closing.taskId ? closing.reason : 'parent.closed'
    if (!(await markClosed(tx, task.id, { at: parts.clock.now(), reason }))) continue
    ended.push(task.id)
    await parts.ledger.append(tx, {
      type: 'task.closed',
      task: task.id,
      person: task.personId,
      agent: task.agentId,
      by: closing.by,
      reason,
      private: { note: closing.note },
    })
  }
  await cancelRequests(parts, tx, ended)
  await endAllowancesOf(parts, tx, ended)
  return ended
}

function raiseEnded(parts: TaskParts, tx: Tx, ids: readonly string[]): Promise<Change> {
  return parts.live.raise(
    tx,
    ids.map((id) => ({ kind: 'task', id, state: 'ended' })),
  )
}
