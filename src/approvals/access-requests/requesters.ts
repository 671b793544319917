import type { Reader } from '../../platform/storage/index.ts'
import type { AccessRequest } from './access-request.ts'

/**
 * Finds the ids of the people who asked for a call: those whom any task of the tree is for, and those who asked in its
 * conversation since the tree began. With `barsAgentOwners` the owners of its agents, too. `barred` do not approve it: all of
 * them, and where every rule says `@self("true")`, only these owners.
 */
export async function requestersOf(
  db: Reader,
  {
    agentId,
    ask,
    personId,
    requesterId,
    taskId,
  }: Pick<AccessRequest, 'agentId' | 'ask' | 'personId' | 'requesterId'> & {
    readonly taskId: string
  },
): Promise<{ readonly barred: readonly string[]; readonly behind: readonly string[] }> {
  const task = await db
    .selectFrom('tasks')
    .innerJoin('tasks as root', 'root.id', 'tasks.root_id')
    .select(['tasks.root_id', 'tasks.thread_id', 'root.opened_at', 'root.person_id'])
    .where('tasks.id', '=', taskId)
    .executeTakeFirst()
  const asked = [
    personId,
    ...(requesterId === undefined ? [] : [requesterId]),
    ...(task ? await askersIn(db, task) : []),
  ]
  const owners = ask.barsAgentOwners ? await ownersOfAgents(db, agentId, task?.root_id) : []
  const behind = [...new Set([...asked, ...owners])]
  return { barred: ask.self ? [...new Set(owners)] : behind, behind }
}

/** People whom a tree is for (all of its tasks are for one person), and who asked in its conversation. */
async function askersIn(
  db: Reader,
  {
    opened_at: openedAt,
    person_id: personId,
    thread_id: threadId,
  }: {
    readonly person_id: string
    readonly thread_id: string | null
    readonly opened_at: number
  },
): Promise<readonly string[]> {
  if (threadId === null) return [personId]
  const requesters = await db
    .selectFrom('thread_requesters')
    .select('person_id')
    .where('thread_id', '=', threadId)
    .where(({ eb, or }) => or([eb('until', 'is', null), eb('until', '>=', openedAt)]))
    .execute()
  return [personId, ...requesters.map(({ person_id }) => person_id)]
}

async function ownersOfAgents(
  db: Reader,
  agentId: string,
  rootId: string | undefined,
): Promise<readonly string[]> {
  const own = await db.selectFrom('agents').select('owner_id').where('id', '=', agentId).execute()
  const others = await db
    .selectFrom('tasks')
    .innerJoin('agents', 'agents.id', 'tasks.agent_id')
    .select('agents.owner_id')
    .where('tasks.root_id', '=', rootId ?? '')
    .execute()
  return [...own, ...others].map(({ owner_id }) => owner_id)
}
