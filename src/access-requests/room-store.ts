import type { Reader } from '../storage/index.ts'
import { type AccessRequest, MAX_PENDING } from './access-request.ts'

/**
 * Tells whether one more question may wait: of its task, of its agent, and of its agent for each
 * name that may answer it.
 */
export async function hasRoom(
  db: Reader,
  { agentId, ask, taskId }: Pick<AccessRequest, 'agentId' | 'ask' | 'taskId'>,
  now: number,
): Promise<boolean> {
  if ((await pendingOf(db, 'task_id', taskId, now)) >= MAX_PENDING.task) return false
  if ((await pendingOf(db, 'agent_id', agentId, now)) >= MAX_PENDING.agent) return false
  for (const name of new Set(ask.approvers.flat()))
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
