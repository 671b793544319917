import { sql } from 'kysely'
import { hasShare, sharedBy } from '../lib/fair-share.ts'
import type { Reader } from '../storage/index.ts'
import { type AccessRequest, MAX_PENDING } from './access-request.ts'

/**
 * Tells whether one more question may wait: of its task, of its agent, and of its agent for each
 * name that may answer it. The people for whom an agent asks share its places, so that one person's
 * tasks leave room for the questions of others.
 */
export async function hasRoom(
  db: Reader,
  asking: Pick<AccessRequest, 'agentId' | 'personId' | 'requesterId' | 'taskId'>,
  { names, now }: { readonly names: Iterable<string>; readonly now: number },
): Promise<boolean> {
  const { agentId, taskId } = asking
  if ((await pendingOfTask(db, taskId, now)) >= MAX_PENDING.task) return false
  const asker = asking.requesterId ?? asking.personId
  const isLeft = (waiting: QuestionCounts, places: number) =>
    hasShare(sharedBy(waiting, asker, places))
  if (!isLeft(await pendingOfAgent(db, agentId, now), MAX_PENDING.agent)) return false
  for (const name of names)
    if (!isLeft(await askedOf(db, agentId, name, now), MAX_PENDING.agentAndApprover)) return false
  return true
}

/** Questions that wait, by the person for whom the agent asks. */
type QuestionCounts = ReadonlyMap<string, number>

async function pendingOfTask(db: Reader, taskId: string, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('access_requests')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('task_id', '=', taskId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Person who asked in the conversation, or for whom the task is. */
const ASKER = sql<string>`coalesce(requester_id, person_id)`

async function pendingOfAgent(db: Reader, agentId: string, now: number): Promise<QuestionCounts> {
  const rows = await db
    .selectFrom('access_requests')
    .select(({ fn }) => [ASKER.as('asker'), fn.countAll().as('count')])
    .where('agent_id', '=', agentId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .groupBy(ASKER)
    .execute()
  return waitingOf(rows)
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

async function askedOf(
  db: Reader,
  agentId: string,
  name: string,
  now: number,
): Promise<QuestionCounts> {
  const rows = await db
    .selectFrom('asked_people')
    .innerJoin('access_requests', 'access_requests.id', 'asked_people.request_id')
    .select(({ fn }) => [ASKER.as('asker'), fn.countAll().as('count')])
    .where('asked_people.name', '=', name)
    .where('asked_people.agent_id', '=', agentId)
    .where('asked_people.expires_at', '>', now)
    .groupBy(ASKER)
    .execute()
  return waitingOf(rows)
}

function waitingOf(
  rows: readonly { asker: string; count: string | number | bigint }[],
): QuestionCounts {
  return new Map(rows.map(({ asker, count }) => [asker, Number(count)]))
}
