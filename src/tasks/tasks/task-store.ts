import { type SqlBool, sql } from 'kysely'
import { codec, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'
import { TASK_LIFE, type Task, type TaskState } from './task.ts'
import { idleAt } from './task-use.ts'

export const TASKS = codec('tasks').of<Task>({
  write: { shares_key: () => 0, idle_at: (task) => idleAt(task, task.openedAt) },
})

/** A literal: a parameter would not match the predicate of the index. */
const FIRST_WITH_KEY = sql.lit(0 as const)

/**
 * INVARIANT: the row is inserted only while no other task, open or closed, ever had this key. `sharesKey`: or only tasks of the same agent
 * that codes opened. Of the tasks with a key one is the first, which the unique index holds, so that a later insert conflicts with it there.
 */
export function insertTaskQuery(
  db: Reader,
  task: Task,
  { sharesKey }: { readonly sharesKey: boolean },
): Step['query'] {
  const row = TASKS.write(task)
  const key = row.key_thumbprint
  const first = sql`SELECT 1 FROM tasks AS first WHERE first.key_thumbprint = ${key} AND first.shares_key = 0
    AND first.opened_by = 'code' AND first.agent_id = ${task.agentId}`
  const shares = sql<0 | 1>`CASE WHEN EXISTS (${first}) THEN 1 ELSE 0 END`
  return db
    .insertInto('tasks')
    .values({ ...row, ...(sharesKey ? { shares_key: shares } : {}) })
    .onConflict((conflict) =>
      conflict.column('key_thumbprint').where('shares_key', '=', FIRST_WITH_KEY).doNothing(),
    )
}

/** The task, whatever its state; `undefined` when there is none. Works inside and outside a transaction. */
export async function findTask(db: Reader, id: string): Promise<Task | undefined> {
  const row = await db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()
  return row && TASKS.read(row)
}

/**
 * Frees the key of a closed task that no client was ever told of, so that it may begin another. A key that other tasks
 * share stays.
 */
export async function freeKey(tx: Tx, id: string): Promise<void> {
  const shared = sql<SqlBool>`NOT EXISTS (SELECT 1 FROM tasks AS other
    WHERE other.key_thumbprint = tasks.key_thumbprint AND other.id <> tasks.id)`
  await tx
    .updateTable('tasks')
    .set({ key_thumbprint: null })
    .where('id', '=', id)
    .where('state', '=', 'closed')
    .where(shared)
    .execute()
}

/** Fails where a key is one of a task of another agent, or of a task that shares its key with no other. */
export function usableKeyQuery(
  db: Reader,
  { key, task }: { readonly key: string; readonly task: Pick<Task, 'id' | 'agentId'> },
): Step['query'] {
  const taken = sql`SELECT 1 FROM tasks AS other WHERE other.key_thumbprint = ${key} AND other.shares_key = 0
    AND (other.opened_by <> 'code' OR other.agent_id <> ${task.agentId})`
  return db
    .updateTable('tasks')
    .set((e) => ({ state: e.ref('state') }))
    .where('id', '=', task.id)
    .where(sql<SqlBool>`NOT EXISTS (${taken})`)
}

/** The only task that this key was ever for, or the first of those that share it. */
export async function findTaskByKey(db: Reader, thumbprint: string): Promise<Task | undefined> {
  const row = await db
    .selectFrom('tasks')
    .selectAll()
    .where('key_thumbprint', '=', thumbprint)
    .where('shares_key', '=', FIRST_WITH_KEY)
    .executeTakeFirst()
  return row && TASKS.read(row)
}

/** A task and everything below it that is not closed, parents before children. */
export function openTree(db: Reader, id: string): Promise<Task[]> {
  return openTrees(db, [id])
}

/** Tasks and everything below them that is not closed, parents before children. */
export async function openTrees(db: Reader, ids: readonly string[]): Promise<Task[]> {
  const rows = await db
    .withRecursive('tree', (query) =>
      query
        .selectFrom('tasks')
        .select(['tasks.id'])
        .where('tasks.id', 'in', ids)
        .union(
          query
            .selectFrom('tasks')
            .innerJoin('tree', 'tree.id', 'tasks.parent_id')
            .select(['tasks.id']),
        ),
    )
    .selectFrom('tasks')
    .selectAll()
    .where('id', 'in', (query) => query.selectFrom('tree').select('tree.id'))
    .where('state', '!=', 'closed')
    .execute()
  return parentsFirst(rows.map(TASKS.read))
}

/** A tree as people look at it, parents before children. */
export interface TaskTree {
  readonly tasks: readonly Task[]
  /** Older closed tasks were left off. */
  readonly more: boolean
}

/**
 * The whole tree that a task is in, closed tasks too, parents before children: open ones and the newest of the rest,
 * `most` together, and in any case the task itself with those above it. A task whose parent is left off is left off too.
 */
export async function treeOf(db: Reader, task: Task, most: number): Promise<TaskTree> {
  const rows = await db
    .selectFrom('tasks')
    .selectAll()
    .where('root_id', '=', task.rootId)
    .orderBy((eb) => eb.case().when('state', '=', 'closed').then(1).else(0).end())
    .orderBy('opened_at', 'desc')
    .orderBy('id')
    .limit(most + 1)
    .execute()
  const line = [task, ...(await ancestorsOf(db, task))]
  const found = new Map(
    [...line, ...rows.slice(0, most).map(TASKS.read)].map((one) => [one.id, one]),
  )
  const ordered = parentsFirst([...found.values()].toSorted((a, b) => a.openedAt - b.openedAt))
  const kept = new Set<string>()
  const tasks = ordered.filter(({ id, parentId }) => {
    const hangs = parentId === null || kept.has(parentId)
    if (hangs) kept.add(id)
    return hangs
  })
  return { tasks, more: rows.length > most }
}

/** The roots of the trees in which these tasks are. */
export async function rootsOf(db: Reader, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const query = db.selectFrom('tasks').select('root_id').distinct().where('id', 'in', ids)
  return (await query.execute()).map(({ root_id }) => root_id)
}

/** The tasks above this one, nearest first. */
export async function ancestorsOf(db: Reader, task: Task): Promise<Task[]> {
  const above: Task[] = []
  let parentId = task.parentId
  while (parentId !== null) {
    const parent = await findTask(db, parentId)
    if (!parent) throw new Error('a task without its parent')
    above.push(parent)
    parentId = parent.parentId
  }
  return above
}

/** False when the task was not in the state `from`. */
export async function changeState(
  tx: Tx,
  id: string,
  from: TaskState,
  to: Exclude<TaskState, 'closed'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({ state: to })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Restarts the time after which an unused task ends. */
export async function setUsed(
  tx: Tx,
  task: Pick<Task, 'id' | 'idleMs'>,
  at: number,
): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ idle_at: idleAt(task, at) })
    .where('id', '=', task.id)
    .execute()
}

/** Closes tasks for good. Answers the ids of those that were not closed before. */
export async function markClosed(
  tx: Tx,
  ids: readonly string[],
  closing: { at: number; reason: string },
): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .updateTable('tasks')
    .set({ state: 'closed', closed_at: closing.at, close_reason: closing.reason })
    .where('id', 'in', ids)
    .where('state', '!=', 'closed')
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

export const NOT_CLOSED = ['open', 'suspended'] as const

export async function unclosedTasks(
  db: Reader,
  count: number,
  { agentId, personId }: TasksOf = {},
): Promise<string[]> {
  let query = db.selectFrom('tasks').select('id').where(IS_NOT_CLOSED)
  if (agentId !== undefined) query = query.where('agent_id', '=', agentId)
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  const rows = await query.limit(count).execute()
  return rows.map(({ id }) => id)
}

/** Tasks of an agent, for a person, or both; else all. */
export interface TasksOf {
  readonly agentId?: string | undefined
  readonly personId?: string | undefined
}

/** Counts the tasks that are not closed. */
export async function countUnclosed(db: Reader, { agentId, personId }: TasksOf): Promise<number> {
  let query = db
    .selectFrom('tasks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(IS_NOT_CLOSED)
  if (agentId !== undefined) query = query.where('agent_id', '=', agentId)
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  return Number((await query.executeTakeFirstOrThrow()).count)
}

/** Condition as the index of due tasks has it: written out, or it could not be used. */
const IS_NOT_CLOSED = sql<SqlBool>`state <> 'closed'`

export async function tasksPastDeadline(db: Reader, now: number, count: number): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('id')
    .where(IS_NOT_CLOSED)
    .where('deadline', '<=', now)
    .orderBy('deadline')
    .limit(count)
    .execute()
  return rows.map(({ id }) => id)
}

/** Tasks between a person and an agent that are not closed, or were closed after `closedSince`, with what they stand on. */
export async function tasksBetween(
  db: Reader,
  of: { readonly personId: string; readonly agentId: string },
  closedSince: number,
): Promise<{ readonly id: string; readonly bases: readonly string[] }[]> {
  const ofPerson = db
    .selectFrom('tasks')
    .select(['id', 'agent_id', 'bases'])
    .where('person_id', '=', of.personId)
  const open = await ofPerson.where('state', 'in', NOT_CLOSED).execute()
  const closed = await ofPerson
    .where('state', '=', 'closed')
    // Tasks opened earlier have ended by themselves.
    .where('opened_at', '>', closedSince - TASK_LIFE.most)
    .where('closed_at', '>', closedSince)
    .execute()
  return [...open, ...closed]
    .filter(({ agent_id }) => agent_id === of.agentId)
    .map(({ bases, id }) => ({ id, bases: JSON.parse(bases) as string[] })) // as: written by rowOf
}

function parentsFirst(tasks: readonly Task[]): Task[] {
  const byParent = Map.groupBy(tasks, ({ parentId }) => parentId)
  const ids = new Set(tasks.map(({ id }) => id))
  const ordered = tasks.filter(({ parentId }) => parentId === null || !ids.has(parentId))
  for (const task of ordered) ordered.push(...(byParent.get(task.id) ?? []))
  return ordered
}
