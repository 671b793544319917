import { sql } from 'kysely'
import type { Reader } from '../storage/index.ts'
import { type AccessRequest, MAX_PENDING } from './access-request.ts'

/**
 * Tells whether one more question may wait: of its task, of its agent, and of its agent for each
 * name that may answer it.
 */
export async function hasRoom(
  db: Reader,
  { agentId, taskId }: Pick<AccessRequest, 'agentId' | 'taskId'>,
  { names, now }: { readonly names: Iterable<string>; readonly now: number },
): Promise<boolean> {
  if ((await pendingOf(db, 'task_id', taskId, now)) >= MAX_PENDING.task) return false
  if ((await pendingOf(db, 'agent_id', agentId, now)) >= MAX_PENDING.agent) return false
  for (const name of names)
    if ((await askedOf(db, agentId, name, now)) >= MAX_PENDING.agentAndApprover) return false
  return true
}

async function pendingOf(
  db: Reader,
  column: 'task_id' | 'agent_id',
  id: string,
  now: number,
): Promise<number> {
  const { count } = await db
    .selectFrom('access_requests')
    .select(({ fn }) => fn.countAll().as('count'))
    .where(column, '=', id)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** A literal: a parameter would not match the predicate of the index. */
const PENDING = sql.lit<'pending'>('pending')

/** Counts the requests that wait for people, of everybody. */
export async function countPending(db: Reader): Promise<number> {
  const { count } = await db
    .selectFrom('access_requests')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('state', '=', PENDING)
    .executeTakeFirstOrThrow()
  return Number(count)
}

async function askedOf(db: Reader, agentId: string, name: string, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('asked_people')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('name', '=', name)
    .where('agent_id', '=', agentId)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}
