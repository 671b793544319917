import { sql } from 'kysely'
import type { Reader } from '../../platform/storage/index.ts'
import type { TaskState } from './task.ts'

const ANY: readonly TaskState[] = ['open', 'suspended', 'closed']

/** Position where a look at all agents begins, by name, and how many it looks at. */
export interface IdlePosition {
  /** No task of theirs was opened since then, and they are older. */
  readonly before: number
  readonly after: string
  readonly looks: number
}

/** Agents that were found, and behind whom to go on; `undefined` when there are no more. */
export interface IdleAgents {
  readonly ids: readonly string[]
  readonly next: string | undefined
}

/**
 * Active agents for which no task was opened for long. Asked in one statement for some at a time: most agents are at work, and are
 * looked at no further, and nothing else waits until all were looked at.
 */
export async function idleAgents(db: Reader, page: IdlePosition): Promise<IdleAgents> {
  const next = await nextOf(db, page)
  const rows = await idle(db, page, next).execute()
  return { ids: rows.map(({ id }) => id), next }
}

/** Lists idle agents that registered themselves (RFC 7591) and that no person lets act for them. */
export async function unusedClients(
  db: Reader,
  page: IdlePosition & { now: number },
): Promise<IdleAgents> {
  const next = await nextOf(db, page)
  const rows = await idle(db, page, next)
    .where('admission', 'is not', null)
    .where('client_url', 'is', null)
    .where('issuer', 'is', null)
    .where(({ and, eb, exists, not, or }) =>
      not(
        exists(
          db
            .selectFrom('bases')
            .select(sql<number>`1`.as('one'))
            .whereRef('bases.agent_id', '=', sql.ref('agents.id'))
            .where(
              and([
                eb(sql.ref('bases.ended_at'), 'is', null),
                or([
                  eb(sql.ref('bases.expires_at'), 'is', null),
                  eb(sql.ref('bases.expires_at'), '>', page.now),
                ]),
              ]),
            ),
        ),
      ),
    )
    .execute()
  return { ids: rows.map(({ id }) => id), next }
}

/** The last of those that are looked at. */
async function nextOf(db: Reader, { after, looks }: IdlePosition): Promise<string | undefined> {
  const row = await db
    .selectFrom('agents')
    .select('id')
    .where('id', '>', after)
    .orderBy('id')
    .limit(1)
    .offset(looks - 1)
    .executeTakeFirst()
  return row?.id
}

function idle(db: Reader, { after, before }: IdlePosition, last: string | undefined) {
  const query = db
    .selectFrom('agents')
    .select('agents.id')
    .where('agents.status', '=', 'active')
    .where('agents.created_at', '<', before)
    .where('agents.id', '>', after)
    .where(({ exists, not }) =>
      not(
        exists(
          db
            .selectFrom('tasks')
            .select(sql<number>`1`.as('one'))
            .whereRef('tasks.agent_id', '=', sql.ref('agents.id'))
            // Every state by itself: the times of each are in order.
            .where('tasks.state', 'in', ANY)
            .where('tasks.opened_at', '>=', before),
        ),
      ),
    )
    .orderBy('agents.id')
  return last === undefined ? query : query.where('agents.id', '<=', last)
}
