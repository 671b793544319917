import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
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

/** Time from which the oldest event has been due; none where nothing is. */
export async function dueSince(db: Reader, now: number): Promise<number | undefined> {
  const { due } = await db
    .selectFrom('outbox_events')
    .select(({ fn }) => fn.min('due_at').as('due'))
    .where('due_at', '<=', now)
    .executeTakeFirstOrThrow()
  return due === null ? undefined : Number(due)
}

type DueEvent = Pick<OutboxEvent, 'dueAt' | 'id'>

/** Puts an event off, for those whose turn comes later. False when another server did something with it. */
export async function postponeEvent(
  tx: Tx,
  { dueAt, id }: DueEvent,
  later: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('outbox_events')
    .set({ due_at: later })
    .where('id', '=', id)
    .where('due_at', '=', dueAt)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** False when another server took it, or put it off. */
export async function takeEvent(tx: Tx, { dueAt, id }: DueEvent): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('outbox_events')
    .where('id', '=', id)
    .where('due_at', '=', dueAt)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
