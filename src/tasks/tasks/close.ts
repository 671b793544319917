import { cancelRequests } from '../../approvals/access-requests/index.ts'
import { endAllowancesOf } from '../../approvals/approvals/index.ts'
import type { LedgerEvent } from '../../platform/ledger/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Change } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { forgetIssuersOf } from './holders.ts'
import type { Task, TaskParts } from './task.ts'
import { findTask, markClosed, openTrees, rootsOf } from './task-store.ts'
import { holdTrees } from './tree-store.ts'

/** Id of the task, who closes it (a person, a task, or `system`), and a code for why. */
export interface TaskClosing {
  readonly taskId: string
  readonly by: string
  readonly reason: string
  /** Words of the person about it: kept beside the record, never in it. */
  readonly note?: string | undefined
}

/**
 * Closes a task and everything below it, for good: rows, access requests and live state in one transaction. When it has
 * returned, no replica permits anything under any of them. Closing a closed task is no error. `also`: more that the same
 * transaction does.
 * @throws Problem `task.unknown`
 */
export async function closeTask(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  closing: TaskClosing,
  also?: (tx: Tx) => Promise<void>,
): Promise<Task> {
  const { task, change } = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const known = await findTask(tx, closing.taskId)
    if (!known) throw new Problem('task.unknown', `there is no task \`${closing.taskId}\``)
    await holdTrees(tx, [known.rootId])
    const ended = await closeTrees(parts, tx, [known.id], closing)
    await also?.(tx)
    // INVARIANT: a second call, too, returns only when no replica permits; the first may still be waiting for one.
    const raised = await raiseEnded(parts, tx, ended.length > 0 ? ended : [known.id])
    return { task: (await findTask(tx, known.id)) ?? known, change: raised }
  })
  await parts.live.settle(change)
  return task
}

/** Tasks that are marked and recorded in one statement. */
const AT_ONCE = 200

/**
 * Closes several tasks in one transaction with one settling: those that end with an agent, a person or a basis. Tasks that
 * are closed already are raised too: an earlier closing may still be waiting for a replica, and so must this caller.
 */
export async function closeTasks(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live'>,
  tx: Tx,
  taskIds: readonly string[],
  why: Omit<TaskClosing, 'taskId'>,
): Promise<Change> {
  const ended = new Set(taskIds)
  const some = chunksOf(taskIds)
  const roots: string[] = []
  for (const ids of some) roots.push(...(await rootsOf(tx, ids)))
  await holdTrees(tx, roots)
  for (const ids of some) for (const id of await closeTrees(parts, tx, ids, why)) ended.add(id)
  return raiseEnded(parts, tx, [...ended])
}

/**
 * Rows, access requests, allowances and records, while the trees are held. Children first, so that no record speaks of an open
 * task under a closed one.
 */
async function closeTrees(
  parts: Pick<TaskParts, 'clock' | 'ledger'>,
  tx: Tx,
  taskIds: readonly string[],
  why: Omit<TaskClosing, 'taskId'>,
): Promise<string[]> {
  const named = new Set(taskIds)
  const ended: string[] = []
  for (const tasks of chunksOf((await openTrees(tx, taskIds)).toReversed())) {
    const closed = await markEach(parts, tx, tasks, { named, why })
    await parts.ledger.append(tx, ...closed)
    await forgetIssuersOf(tx, tasks)
    const ids = closed.map(({ task }) => task)
    await cancelRequests(parts, tx, ids)
    await endAllowancesOf(parts, tx, ids)
    ended.push(...ids)
  }
  return ended
}

/** The records of those that were not closed before, in order. */
async function markEach(
  { clock }: Pick<TaskParts, 'clock'>,
  tx: Tx,
  tasks: readonly Task[],
  {
    named,
    why,
  }: { readonly named: ReadonlySet<string>; readonly why: Omit<TaskClosing, 'taskId'> },
): Promise<(LedgerEvent & { readonly task: string })[]> {
  const at = clock.now()
  const closingReason = ({ id }: Task) => (named.has(id) ? why.reason : 'parent.closed')
  const closed = new Set<string>()
  for (const [reason, those] of Map.groupBy(tasks, closingReason)) {
    const ids = those.map(({ id }) => id)
    for (const id of await markClosed(tx, ids, { at, reason })) closed.add(id)
  }
  return tasks
    .filter(({ id }) => closed.has(id))
    .map((task) => ({
      type: 'task.closed',
      task: task.id,
      person: task.personId,
      agent: task.agentId,
      by: why.by,
      reason: closingReason(task),
      private: { note: why.note },
    }))
}

function chunksOf<T>(all: readonly T[]): (readonly T[])[] {
  const count = Math.ceil(all.length / AT_ONCE)
  return Array.from({ length: count }, (_, i) => all.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
}

function raiseEnded(
  parts: Pick<TaskParts, 'live'>,
  tx: Tx,
  ids: readonly string[],
): Promise<Change> {
  return parts.live.raise(
    tx,
    ids.map((id) => ({ kind: 'task', id, state: 'ended' })),
  )
}
