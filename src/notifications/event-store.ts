import { codec, type Reader, type Tx } from '../storage/index.ts'
import type { OutboxEvent } from './event.ts'

const EVENTS = codec('outbox_events').of<OutboxEvent>()

/** The statement that adds events. It belongs into the transaction of what they are about. */
export function insertEventsQuery(db: Reader, events: readonly OutboxEvent[]) {
  return db.insertInto('outbox_events').values(events.map(EVENTS.write))
}

/** Events that are due, the oldest first. */
export async function dueEvents(
  db: Reader,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<OutboxEvent[]> {
  const rows = await db
    .selectFrom('outbox_events')
    .selectAll()
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(EVENTS.read)
}

/** False when another server took it. */
export async function takeEvent(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('outbox_events')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
