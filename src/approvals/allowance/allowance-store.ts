import type { Ask } from '@remit/engine'
import { type Selectable, sql } from 'kysely'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../../storage/index.ts'
import type { Allowance } from './allowance.ts'
import type { Pattern } from './pattern.ts'

type Row = Selectable<Schema['allowances']>

export async function insertAllowance(tx: Tx, allowance: Allowance): Promise<void> {
  await tx.insertInto('allowances').values(rowOf(allowance)).execute()
}

export async function readAllowance(db: Reader, id: string): Promise<Allowance | undefined> {
  const row = await db.selectFrom('allowances').selectAll().where('id', '=', id).executeTakeFirst()
  return row && allowanceOf(row)
}

/** The one that a request led to, whatever became of it. */
export async function allowanceFrom(db: Reader, requestId: string): Promise<Allowance | undefined> {
  const row = await db
    .selectFrom('allowances')
    .selectAll()
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  return row && allowanceOf(row)
}

/** Those that could be used now for calls of this agent for this person, in this task; what ends first comes first. */
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
  return rows.map(allowanceOf)
}

const MAX_TRIED = 100

/**
 * What is in force, newest first. `personId`: given for calls on this person's behalf, or by this person; without one,
 * all there are.
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
  return rows.map(allowanceOf)
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
  return rows.map(allowanceOf)
}

/** Those that are tied to these tasks and have not ended. */
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
  return rows.map(allowanceOf)
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
export async function markEnded(
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

function rowOf(allowance: Allowance): Row {
  return {
    id: allowance.id,
    request_id: allowance.requestId,
    task_id: allowance.taskId,
    agent_id: allowance.agentId,
    person_id: allowance.personId,
    chain: canonicalJson(allowance.chain),
    sponsored: allowance.sponsored ? 1 : 0,
    resource: allowance.resource,
    upstream: allowance.upstream,
    action: allowance.action,
    definition: allowance.definition,
    pattern: canonicalJson(allowance.pattern),
    ask: canonicalJson(allowance.ask),
    text: allowance.text,
    uses: allowance.uses,
    uses_left: allowance.usesLeft,
    created_at: allowance.createdAt,
    expires_at: allowance.expiresAt,
    last_used_at: allowance.lastUsedAt,
    ended_at: allowance.endedAt,
    ended_by: allowance.endedBy,
  }
}

function allowanceOf(row: Row): Allowance {
  return {
    id: row.id as Id<'allowance'>, // every id in this table was made by newId('allowance')
    requestId: row.request_id as Id<'request'>, // a foreign key of the table
    taskId: row.task_id as Id<'task'> | null, // written from a request's task
    agentId: row.agent_id,
    personId: row.person_id as Id<'person'>, // likewise
    chain: JSON.parse(row.chain) as string[], // written by rowOf
    sponsored: row.sponsored === 1,
    resource: row.resource,
    upstream: row.upstream,
    action: row.action,
    definition: row.definition,
    pattern: JSON.parse(row.pattern) as Pattern, // written by rowOf
    ask: JSON.parse(row.ask) as Ask, // written by rowOf
    text: row.text,
    uses: row.uses,
    usesLeft: row.uses_left,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    endedAt: row.ended_at,
    endedBy: row.ended_by,
  }
}
