import type { Selectable } from 'kysely'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../../storage/index.ts'
import type { Notice } from './notice.ts'

export function insertNoticesQuery(db: Reader, notices: readonly Notice[]): Step['query'] {
  return db.insertInto('notices').values(
    notices.map((notice) => ({
      id: notice.id,
      recipient: notice.recipient,
      decision_id: notice.decisionId,
      policy: notice.obligation,
      task_id: notice.taskId,
      person_id: notice.personId,
      agent_id: notice.agentId,
      action: notice.action,
      text: notice.text,
      at: notice.at,
    })),
  )
}

export async function noticesFor(
  db: Reader,
  recipients: readonly string[],
  limit: number,
): Promise<Notice[]> {
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .where('recipient', 'in', recipients)
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
  const byCall = new Map(rows.toReversed().map((row) => [row.decision_id, row]))
  return [...byCall.values()].reverse().map(noticeOf)
}

/** Erases the notices of these decisions, because they say what the arguments were. */
export async function eraseNotices(tx: Tx, decisionIds: readonly string[]): Promise<void> {
  if (decisionIds.length === 0) return
  await tx.deleteFrom('notices').where('decision_id', 'in', decisionIds).execute()
}

function noticeOf(row: Selectable<Schema['notices']>): Notice {
  return {
    id: row.id as Id<'notice'>, // every id in this table was made by newId('notice')
    recipient: row.recipient,
    decisionId: row.decision_id,
    obligation: row.policy,
    taskId: row.task_id,
    personId: row.person_id,
    agentId: row.agent_id,
    action: row.action,
    text: row.text,
    at: row.at,
  }
}
