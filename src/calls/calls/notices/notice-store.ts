import { codec, type Reader, type Step, type Tx } from '../../../platform/storage/index.ts'
import type { Notice } from './notice.ts'

const NOTICES = codec('notices').of<Notice>({
  read: { obligation: ({ policy }) => policy },
  write: { policy: ({ obligation }) => obligation },
})

export function insertNoticesQuery(db: Reader, notices: readonly Notice[]): Step['query'] {
  return db.insertInto('notices').values(notices.map(NOTICES.write))
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
  return [...byCall.values()].reverse().map(NOTICES.read)
}

/** Every notice of one decision. */
export async function noticesOf(db: Reader, decisionId: string): Promise<Notice[]> {
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .where('decision_id', '=', decisionId)
    .orderBy('id')
    .execute()
  return rows.map(NOTICES.read)
}

/** Erases the notices of these decisions, because they say what the arguments were. */
export async function eraseNotices(tx: Tx, decisionIds: readonly string[]): Promise<void> {
  if (decisionIds.length === 0) return
  await tx.deleteFrom('notices').where('decision_id', 'in', decisionIds).execute()
}
