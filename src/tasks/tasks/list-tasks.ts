import type { Reader } from '../../platform/storage/index.ts'
import type { Task, TaskState } from './task.ts'
import { TASKS } from './task-store.ts'

export interface TaskFilter {
  readonly personId?: string
  readonly agentId?: string
  readonly state?: TaskState
  readonly limit: number
  /** The last task seen; newest come first. */
  readonly after?: { readonly openedAt: number; readonly id: string }
}

const STATES: readonly TaskState[] = ['open', 'suspended', 'closed']

/**
 * Lists tasks. For a person or an agent, each state is asked for by itself, so that none is looked
 * through for another.
 */
export async function listTasks(db: Reader, filter: TaskFilter): Promise<Task[]> {
  const { agentId, personId, state } = filter
  const ofSomebody = personId !== undefined || agentId !== undefined
  if (state !== undefined || !ofSomebody) return pageOfTasks(db, filter)
  const pages: Task[] = []
  for (const each of STATES) pages.push(...(await pageOfTasks(db, { ...filter, state: each })))
  return pages.toSorted(newestFirst).slice(0, filter.limit)
}

function newestFirst(a: Task, b: Task): number {
  if (a.openedAt !== b.openedAt) return b.openedAt - a.openedAt
  return a.id < b.id ? 1 : -1
}

async function pageOfTasks(db: Reader, filter: TaskFilter): Promise<Task[]> {
  const { personId, agentId, state, after } = filter
  let query = db.selectFrom('tasks').selectAll()
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  if (agentId !== undefined) query = query.where('agent_id', '=', agentId)
  if (state !== undefined) query = query.where('state', '=', state)
  if (after) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('opened_at', 'id'), '<', tuple(after.openedAt, after.id)),
    )
  }
  const rows = await query
    .orderBy('opened_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
  return rows.map(TASKS.read)
}
