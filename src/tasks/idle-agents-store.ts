import { sql } from 'kysely'
import type { Reader } from '../storage/index.ts'
import type { TaskState } from './task.ts'

const ANY: readonly TaskState[] = ['open', 'suspended', 'closed']

/** Active agents of before a time, by name, behind `after`. */
export interface Idle {
  /** No task of theirs was opened since then, and they are older. */
  readonly before: number
  readonly after: string
  readonly limit: number
}

/**
 * Agents for which no task was opened for long. Asked in one statement for many: most agents are at work, and are looked at no
 * further.
 */
export async function idleAgents(db: Reader, page: Idle): Promise<string[]> {
  const rows = await idle(db, page).execute()
  return rows.map(({ id }) => id)
}

/** Of those, the ones that registered themselves (RFC 7591) and that nobody lets act for them. */
export async function unusedClients(db: Reader, page: Idle & { now: number }): Promise<string[]> {
  const rows = await idle(db, page)
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
  return rows.map(({ id }) => id)
}

function idle(db: Reader, { after, before, limit }: Idle) {
  return db
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
    .limit(limit)
}
