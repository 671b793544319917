import { sql } from 'kysely'
import { codec, type Reader, type Step, type Tx } from '../../../platform/storage/index.ts'
import type { Allowance } from './allowance.ts'

const ALLOWANCES = codec('allowances').of<Allowance>()

export async function insertAllowance(tx: Tx, allowance: Allowance): Promise<void> {
  await tx.insertInto('allowances').values(ALLOWANCES.write(allowance)).execute()
}

export async function readAllowance(db: Reader, id: string): Promise<Allowance | undefined> {
  const row = await db.selectFrom('allowances').selectAll().where('id', '=', id).executeTakeFirst()
  return row && ALLOWANCES.read(row)
}

/** The one that a request led to, whatever became of it. */
export async function allowanceFrom(db: Reader, requestId: string): Promise<Allowance | undefined> {
  const row = await db
    .selectFrom('allowances')
    .selectAll()
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  return row && ALLOWANCES.read(row)
}

/**
 * Lists those that could be used now for calls of this agent for this person, in this task; what
 * ends first comes first.
 */
export async function allowancesFor(
  db: Reader,
  of: { personId: string; agentId: string; taskId: string; action: string },
  now: number,
): Promise<Allowance[]> {
  const rows = await inForce(db, now)
    .where('person_id', '=', of.personId)
    .where('agent_id', '=', of.agentId)
    .where('action', '=', of.action)
    .where((where) => where.or([where('task_id', 'is', null), where('task_id', '=', of.taskId)]))
    .orderBy('expires_at')
    .orderBy('id')
    .limit(MAX_TRIED)
    .execute()
  return rows.map(ALLOWANCES.read)
}

const MAX_TRIED = 100

/**
 * Lists the allowances in force, newest first. `personId`: given for calls on this person's behalf,
 * or by this person; without one, all that there are.
 */
export async function listInForce(
  db: Reader,
  now: number,
  by: { personId?: string | undefined; taskId?: string | undefined },
  count: number,
): Promise<Allowance[]> {
  const { personId, taskId } = by
  let query = inForce(db, now)
  if (taskId !== undefined) query = query.where('task_id', '=', taskId)
  if (personId !== undefined) {
    query = query.where((where) =>
      where.or([
        where('person_id', '=', personId),
        where(
          'request_id',
          'in',
          where
            .selectFrom('approval_answers')
            .select('request_id')
            .where('person_id', '=', personId)
            .where('answer', '=', 'approve'),
        ),
      ]),
    )
  }
  const rows = await query.orderBy('created_at', 'desc').orderBy('id').limit(count).execute()
  return rows.map(ALLOWANCES.read)
}

function inForce(db: Reader, now: number) {
  return db
    .selectFrom('allowances')
    .selectAll()
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .where((where) => where.or([where('uses_left', 'is', null), where('uses_left', '>', 0)]))
}

export async function unendedAllowances(db: Reader, count: number): Promise<Allowance[]> {
  const rows = await db
    .selectFrom('allowances')
    .selectAll()
    .where('ended_at', 'is', null)
    .limit(count)
    .execute()
  return rows.map(ALLOWANCES.read)
}

/** Lists those that are tied to these tasks and have not ended. */
export async function allowancesOfTasks(
  db: Reader,
  taskIds: readonly string[],
): Promise<Allowance[]> {
  if (taskIds.length === 0) return []
  const rows = await db
    .selectFrom('allowances')
    .selectAll()
    .where('task_id', 'in', taskIds)
    .where('ended_at', 'is', null)
    .execute()
  return rows.map(ALLOWANCES.read)
}

/**
 * One use, while there is one.
 * INVARIANT: this conditional update is the only way to use an allowance; ending it and using it cannot both win.
 */
export function useAllowanceQuery(db: Reader, id: string, now: number): Step['query'] {
  return db
    .updateTable('allowances')
    .set({ uses_left: sql<number | null>`uses_left - 1`, last_used_at: now })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .where((where) => where.or([where('uses_left', 'is', null), where('uses_left', '>', 0)]))
}

/** Gives one use back. Who calls it makes sure that it is one that was taken; the table refuses more than were given. */
export function returnAllowanceQuery(db: Reader, id: string): Step['query'] {
  return db
    .updateTable('allowances')
    .set({ uses_left: sql<number | null>`uses_left + 1` })
    .where('id', '=', id)
}

/** False: it had ended before. */
export async function markAllowanceEnded(
  tx: Tx,
  id: string,
  ending: { at: number; by: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('allowances')
    .set({ ended_at: ending.at, ended_by: ending.by })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
