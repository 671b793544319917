import { sql } from 'kysely'
import { hasShare } from '../../platform/lib/fair-share.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { type AccessRequest, MAX_PENDING } from './access-request.ts'

/**
 * Tells whether one more question may wait: of its task, of its agent, and of its agent for each
 * name that may answer it. The people for whom an agent asks share its places, so that one person's
 * tasks leave room for the questions of others.
 */
export async function isWithinQuota(
  db: Reader,
  asking: Pick<AccessRequest, 'agentId' | 'personId' | 'requesterId' | 'taskId'>,
  { names, now }: { readonly names: Iterable<string>; readonly now: number },
): Promise<boolean> {
  const { agentId, taskId } = asking
  if ((await pendingOfTask(db, taskId, now)) >= MAX_PENDING.task) return false
  const asker = asking.requesterId ?? asking.personId
  const ofAgent = await pendingOfAgent(db, { agentId, asker, now })
  if (!hasShare({ ...ofAgent, places: MAX_PENDING.agent })) return false
  for (const name of names) {
    const ofName = await askedOf(db, name, { agentId, asker, now })
    if (!hasShare({ ...ofName, places: MAX_PENDING.agentAndApprover })) return false
  }
  return true
}

/** Questions of an agent that wait: all of them, and those for one person. */
interface QuestionCounts {
  readonly taken: number
  readonly own: number
}

interface AskingPair {
  readonly agentId: string
  readonly asker: string
  readonly now: number
}

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

/** Counts the rows of the person who asked in the conversation, or for whom the task is. Without a group, nothing is sorted. */
function countOf(asker: string) {
  return sql<number>`count(case when coalesce(requester_id, person_id) = ${asker} then 1 end)`
}

async function pendingOfAgent(
  db: Reader,
  { agentId, asker, now }: AskingPair,
): Promise<QuestionCounts> {
  const counts = await db
    .selectFrom('access_requests')
    .select(({ fn }) => [fn.countAll().as('taken'), countOf(asker).as('own')])
    .where('agent_id', '=', agentId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return asNumbers(counts)
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
  name: string,
  { agentId, asker, now }: AskingPair,
): Promise<QuestionCounts> {
  const counts = await db
    .selectFrom('asked_people')
    .innerJoin('access_requests', 'access_requests.id', 'asked_people.request_id')
    .select(({ fn }) => [fn.countAll().as('taken'), countOf(asker).as('own')])
    .where('asked_people.name', '=', name)
    .where('asked_people.agent_id', '=', agentId)
    .where('asked_people.expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return asNumbers(counts)
}

function asNumbers({ own, taken }: Record<'own' | 'taken', string | number | bigint>) {
  return { own: Number(own), taken: Number(taken) }
}
