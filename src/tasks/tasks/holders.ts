import { type SqlBool, sql } from 'kysely'
import type { Reader, Step, Tx } from '../../platform/storage/index.ts'
import type { Task } from './task.ts'
import { NOT_CLOSED } from './task-store.ts'

/** Holder that tasks are of, or rest on. */
export interface TaskHolder {
  readonly kind: 'agent' | 'person' | 'space' | 'issuer'
  readonly id: string
}

const COLUMN = { agent: 'agent_id', person: 'person_id', space: 'space_id' } as const

/** Tasks of a holder that are not closed, at most so many; in no order, which would mean to look at all of them. */
export async function openTasksOf(
  db: Reader,
  { id, kind }: TaskHolder,
  most: number,
): Promise<string[]> {
  let query = db.selectFrom('tasks').select('tasks.id').where('tasks.state', 'in', NOT_CLOSED)
  query =
    kind === 'issuer'
      ? query
          .innerJoin('task_issuers', 'task_issuers.task_id', 'tasks.id')
          .where('task_issuers.issuer', '=', id)
      : query.where(`tasks.${COLUMN[kind]}`, '=', id)
  return (await query.limit(most).execute()).map((row) => row.id)
}

/** Writes the issuers that a task rests on, to find it by; one row for each issuer. */
export function insertIssuersQuery(
  db: Reader,
  { id, issuers }: Pick<Task, 'id' | 'issuers'>,
): Step['query'] {
  return db.insertInto('task_issuers').values(issuers.map((issuer) => ({ issuer, task_id: id })))
}

/**
 * Forgets the issuers that these tasks rested on, when they have closed: they are not looked up
 * there any more.
 */
export async function forgetIssuersOf(
  tx: Tx,
  tasks: readonly Pick<Task, 'id' | 'issuers'>[],
): Promise<void> {
  const resting = tasks.filter(({ issuers }) => issuers.length > 0).map(({ id }) => id)
  if (resting.length > 0)
    await tx.deleteFrom('task_issuers').where('task_id', 'in', resting).execute()
}

/**
 * Finds those who have ended and have tasks that are not closed, in order, behind `after`. Asked
 * from the side of those that ended, which are few; who has tasks is everybody.
 */
export async function endedHolders(
  db: Reader,
  kind: TaskHolder['kind'],
  page: { readonly after: string; readonly count: number },
): Promise<string[]> {
  const rows = await db
    .selectFrom('live_epochs')
    .select('live_epochs.id')
    // As the index has it: written out, or it could not be used.
    .where(sql<SqlBool>`live_epochs.state = 'ended' and live_epochs.kind <> 'task'`)
    .where('live_epochs.kind', '=', kind)
    .where('live_epochs.id', '>', page.after)
    .where(({ exists }) => exists(openTaskOf(db, kind)))
    .orderBy('live_epochs.id')
    .limit(page.count)
    .execute()
  return rows.map(({ id }) => id)
}

/** Correlated with `live_epochs.id`. */
function openTaskOf(db: Reader, kind: TaskHolder['kind']) {
  const id = sql<string>`live_epochs.id`
  const query = db.selectFrom('tasks').select(sql<number>`1`.as('one'))
  const open = query.where('tasks.state', 'in', NOT_CLOSED)
  if (kind !== 'issuer') return open.where(`tasks.${COLUMN[kind]}`, '=', id)
  return open
    .innerJoin('task_issuers', 'task_issuers.task_id', 'tasks.id')
    .where('task_issuers.issuer', '=', id)
}
