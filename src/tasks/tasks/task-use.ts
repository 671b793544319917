import { type SqlBool, sql } from 'kysely'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { Guard, type Reader, type Step, type Storage } from '../../platform/storage/index.ts'
import type { Task } from './task.ts'

/**
 * Time by which a use may be written late: one write for all uses of a task in it, not one for each.
 * So a task ends up to this much later than it is said to, and never earlier.
 */
export const USE_RESOLUTION_MS = 15_000
const MAX_REMEMBERED = 20_000

/** Fails for a task that was not used for too long, or is closed. */
export const IDLE_GUARD = new Guard('task in use', [
  'task.closed',
  'the task was not used for too long',
])

type UsedTask = Pick<Task, 'id' | 'idleMs'>

/** Computes when a task ends unless it is used before that; `null`: never by that. */
export function idleAt({ idleMs }: Pick<Task, 'idleMs'>, usedAt: number): number | null {
  return idleMs === null ? null : usedAt + idleMs + USE_RESOLUTION_MS
}

/**
 * Tells whether the task is not needed any more at this time: it was not used, no call of it is
 * under way or just ended, and no person is asked about one or just answered.
 */
function isIdle(now: number) {
  return sql<SqlBool>`idle_at <= ${now}
    AND NOT EXISTS (SELECT 1 FROM access_requests WHERE access_requests.task_id = tasks.id
      AND (state = 'pending' OR answered_at > ${now} - tasks.idle_ms))
    AND NOT EXISTS (SELECT 1 FROM task_decisions AS d WHERE d.task_id = tasks.id
      AND (d.state = 'sending' OR d.ended_at > ${now} - tasks.idle_ms))`
}

/** Step that writes that a task is used. INVARIANT: a task that was idle for too long is not woken by a use that comes before its end is written. */
function useStep(read: Reader, task: UsedTask, now: number): Step {
  const query = read
    .updateTable('tasks')
    .set({ idle_at: idleAt(task, now) })
    .where('id', '=', task.id)
    .where('state', '!=', 'closed')
    .where(sql<SqlBool>`NOT (${isIdle(now)})`)
  return { guard: IDLE_GUARD, query, rows: 1 }
}

/** Open tasks that were not used for too long, the longest first. */
export async function idleTasks(db: Reader, now: number, count: number): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('id')
    // As the index has it: written out, or it could not be used. Suspended tasks stand still.
    .where(sql<SqlBool>`state <> 'closed' AND state <> 'suspended'`)
    .where(isIdle(now))
    .orderBy('idle_at')
    .limit(count)
    .execute()
  return rows.map(({ id }) => id)
}

interface NotedUse {
  readonly at: number
  lives: Awaitable<boolean>
}

/** Uses of tasks, as far as this replica has written them down. */
export class TaskUses {
  readonly #storage: Pick<Storage, 'commit' | 'read'>
  readonly #written = new LruCache<NotedUse>(MAX_REMEMBERED)

  constructor(storage: Pick<Storage, 'commit' | 'read'>) {
    this.#storage = storage
  }

  /** Notes a use of the task. False: it was not used for too long, and ends. */
  note(task: UsedTask, now: number): Awaitable<boolean> {
    if (task.idleMs === null) return true
    const kept = this.#written.get(task.id, 'used')
    if (kept && now < kept.at + USE_RESOLUTION_MS) return kept.lives
    const lives = this.#storage.commit([useStep(this.#storage.read, task, now)]).then(
      ({ committed }) => {
        use.lives = committed
        return committed
      },
      (error: unknown) => {
        this.#written.put(task.id, 'unknown', { at: 0, lives: true })
        throw error
      },
    )
    const use: NotedUse = { at: now, lives }
    this.#written.put(task.id, 'used', use)
    return lives
  }

  /** Steps that note a use in the commit of something else, by `IDLE_GUARD`. */
  steps(task: UsedTask, now: number): readonly Step[] {
    return task.idleMs === null ? [] : [useStep(this.#storage.read, task, now)]
  }
}
