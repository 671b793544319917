import { Problem } from '../../platform/lib/problem.ts'
import type { Raise } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { Task, TaskParts } from './task.ts'
import { ancestorsOf, changeState, findTask, openTrees, setUsed } from './task-store.ts'
import { holdTrees } from './tree-store.ts'

/** Id of the task, who changes it, and in words why. */
export interface StateChange {
  readonly taskId: string
  readonly by: string
  readonly reason: string
}

/**
 * Lets a task and everything below it stand still. Nothing is closed: access requests stay, the task token works again
 * after `resumeTask`. When it has returned, no replica permits. Suspending twice is no error.
 * @throws Problem `task.unknown`, `task.already_closed`
 */
export function suspendTask(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  change: StateChange,
): Promise<Task> {
  return move(parts, change, { from: 'open', to: 'suspended', type: 'task.suspended' })
}

/**
 * Lets a task continue, and below it whatever was not suspended for itself. Resource tokens from before stay dead.
 * @throws Problem `task.unknown`, `task.already_closed`
 */
export function resumeTask(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  change: StateChange,
): Promise<Task> {
  return move(parts, change, { from: 'suspended', to: 'open', type: 'task.resumed' })
}

type Move =
  | { readonly from: 'open'; readonly to: 'suspended'; readonly type: 'task.suspended' }
  | { readonly from: 'suspended'; readonly to: 'open'; readonly type: 'task.resumed' }

async function move(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  change: StateChange,
  step: Move,
): Promise<Task> {
  const { task, raised } = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const known = await findTask(tx, change.taskId)
    if (!known) throw new Problem('task.unknown', `there is no task \`${change.taskId}\``)
    if (known.state === 'closed')
      throw new Problem('task.already_closed', 'closing is final; open a new task')
    // INVARIANT: a child that begins meanwhile is seen here, or sees the suspension.
    await holdTrees(tx, [known.rootId])
    const changed = await changeState(tx, known.id, step.from, step.to)
    if (changed) {
      // Time while suspended does not count as idle.
      if (step.to === 'open') await setUsed(tx, known, parts.clock.now())
      await parts.ledger.append(tx, {
        type: step.type,
        task: known.id,
        person: known.personId,
        agent: known.agentId,
        by: change.by,
        private: { reason: change.reason },
      })
    }
    const now = { ...known, state: step.to }
    // INVARIANT: a second suspension, too, returns only when no replica permits; resuming twice changes nothing.
    const raises = changed || step.to === 'suspended' ? await liveStates(tx, now) : []
    return { task: now, raised: await parts.live.raise(tx, raises) }
  })
  await parts.live.settle(raised)
  return task
}

/**
 * Live states of the tree below a task: active only where the task and everything above it is open.
 * So resuming a parent never wakes a child that was suspended for a reason of its own.
 */
async function liveStates(tx: Tx, changed: Task): Promise<Raise[]> {
  const above = await ancestorsOf(tx, changed)
  const still = new Set(above.filter(({ state }) => state !== 'open').map(({ id }) => id))
  const stands = new Set<string>()
  const tree = await openTrees(tx, [changed.id])
  return tree.map((task) => {
    const under =
      task.id === changed.id ? still.size > 0 : task.parentId !== null && stands.has(task.parentId)
    if (under || task.state !== 'open') stands.add(task.id)
    return { kind: 'task', id: task.id, state: stands.has(task.id) ? 'suspended' : 'active' }
  })
}
