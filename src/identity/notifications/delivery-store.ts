import { sql } from 'kysely'
import { codec, type Reader, type Storage, type Tx } from '../../platform/storage/index.ts'
import type { Delivery, Recipient } from './delivery.ts'

const DELIVERIES = codec('deliveries').of<Delivery>()

/** Deliveries about one subject that are looked at: those of a question that was asked often. */
const MAX_ABOUT = 200

/** A literal: a parameter would not match the predicate of the index. */
const WAITING = sql.lit<'waiting'>('waiting')

/** Recipient and channel of messages: deliveries to one destination go together. */
export interface Destination {
  readonly recipient: Recipient
  readonly channel: string
}

export async function insertDeliveries(tx: Tx, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return
  await tx
    .insertInto('deliveries')
    .values(deliveries.map(DELIVERIES.write))
    .onConflict((conflict) => conflict.columns(['event_id', 'recipient', 'channel']).doNothing())
    .execute()
}

/** Deliveries of one event to one recipient, one for each channel that was taken. */
export async function deliveriesOfEvent(
  db: Reader,
  { eventId, recipient }: Pick<Delivery, 'eventId' | 'recipient'>,
): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('event_id', '=', eventId)
    .where('recipient', '=', recipient)
    .execute()
  return rows.map(DELIVERIES.read)
}

/** Destinations of the deliveries that are due for longest, each once. */
export async function dueDestinations(
  db: Reader,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<Destination[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['recipient', 'channel'])
    .where('state', '=', WAITING)
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(limit)
    .execute()
  // as: recipients are written as such
  const found = rows.map((row) => ({ ...row, recipient: row.recipient as Recipient }))
  return [...new Map(found.map((each) => [`${each.recipient} ${each.channel}`, each])).values()]
}

/** Time from which the oldest delivery has been due, and how many failed before and are tried again. */
export async function waitingDeliveries(
  db: Reader,
  now: number,
): Promise<{ readonly dueSince: number | undefined; readonly failing: number }> {
  const waiting = db.selectFrom('deliveries').where('state', '=', WAITING)
  const { due } = await waiting
    .select(({ fn }) => fn.min('next_at').as('due'))
    .where('next_at', '<=', now)
    .executeTakeFirstOrThrow()
  const { count } = await waiting
    .select(({ fn }) => fn.countAll().as('count'))
    .where('attempts', '>', 0)
    .executeTakeFirstOrThrow()
  return { dueSince: due === null ? undefined : Number(due), failing: Number(count) }
}

/** Has these deliveries wait until then. */
export async function postpone(tx: Tx, ids: readonly string[], until: number): Promise<void> {
  await tx.updateTable('deliveries').set({ next_at: until }).where('id', 'in', ids).execute()
}

/** Deliveries to one destination that are due, the oldest first. */
export async function dueDeliveries(
  tx: Tx,
  { channel, recipient }: Destination,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<Delivery[]> {
  const rows = await tx
    .selectFrom('deliveries')
    .selectAll()
    .where('state', '=', WAITING)
    .where('next_at', '<=', now)
    .where('recipient', '=', recipient)
    .where('channel', '=', channel)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(DELIVERIES.read)
}

/** Lists deliveries sent to one destination since then. Deliveries of one message share their time. */
export async function sentSince(
  tx: Tx,
  { channel, recipient }: Destination,
  since: number,
): Promise<SentDelivery[]> {
  const rows = await tx
    .selectFrom('deliveries')
    .select(['ended_at', 'kind', 'subject'])
    .distinct()
    .where('recipient', '=', recipient)
    .where('channel', '=', channel)
    .where('state', '=', 'sent')
    .where('ended_at', '>', since)
    .execute()
  return rows.flatMap(({ ended_at: at, kind, subject }) =>
    // as: written by insertDeliveries
    at === null ? [] : [{ at, kind: kind as Delivery['kind'], subject }],
  )
}

/** Delivery that was sent, and when. */
export interface SentDelivery extends Pick<Delivery, 'kind' | 'subject'> {
  readonly at: number
}

export async function changeDeliveries(
  tx: Tx,
  ids: readonly string[],
  change: Partial<Pick<Delivery, 'state' | 'nextAt' | 'endedAt' | 'problem' | 'receipt'>>,
): Promise<void> {
  if (ids.length === 0) return
  await tx
    .updateTable('deliveries')
    .set(DELIVERIES.change(change))
    .where('id', 'in', ids)
    .where('state', '=', WAITING)
    .execute()
}

/** Counts an attempt, and keeps other servers from making it as well until `nextAt`. */
export async function beginAttempt(tx: Tx, ids: readonly string[], nextAt: number): Promise<void> {
  await tx
    .updateTable('deliveries')
    .set(({ eb }) => ({ attempts: eb('attempts', '+', 1), next_at: nextAt }))
    .where('id', 'in', ids)
    .execute()
}

export async function findDelivery(db: Reader, id: string): Promise<Delivery | undefined> {
  const row = await db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst()
  return row && DELIVERIES.read(row)
}

/** Lists all that was told, or will be, about one subject, the oldest first. */
export async function deliveriesAbout(
  db: Reader,
  subject: string,
  limit = MAX_ABOUT,
): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(DELIVERIES.read)
}

/** A person sees a subject: notes when, once. */
export async function markSeen(
  storage: Pick<Storage, 'read' | 'transaction'>,
  {
    now,
    personId,
    subject,
  }: { readonly now: number; readonly personId: string; readonly subject: string },
): Promise<void> {
  const unseen = (await deliveriesAbout(storage.read, subject)).filter(
    (delivery) => delivery.recipient === personId && delivery.seenAt === null,
  )
  if (unseen.length === 0) return
  const ids = unseen.map(({ id }) => id)
  await storage.transaction(async (tx) => {
    await tx
      .updateTable('deliveries')
      .set(DELIVERIES.change({ seenAt: now }))
      .where('id', 'in', ids)
      .where('seen_at', 'is', null)
      .execute()
  })
}

/** Deliveries whose message could be rewritten, those first that were looked at longest ago. */
export async function openReceipts(
  db: Reader,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('receipt', 'is not', null)
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(limit)
    .execute()
  return rows.map(DELIVERIES.read)
}

/** Deliveries of one message, which share its receipt. */
export async function deliveriesOfMessage(
  db: Reader,
  { channel, receipt, recipient }: Delivery,
): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('recipient', '=', recipient)
    .where('channel', '=', channel)
    .where('state', '=', 'sent')
    .where('receipt', '=', receipt)
    .execute()
  return rows.map(DELIVERIES.read)
}

/** Has other servers leave messages alone until then. False: one of them was first. */
export async function postponeReceipts(
  tx: Tx,
  ids: readonly string[],
  { now, until }: { readonly now: number; readonly until: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('deliveries')
    .set({ next_at: until })
    .where('id', 'in', ids)
    .where('next_at', '<=', now)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Has messages about a subject looked at in the next round, since it was answered. */
export async function rescheduleNow(tx: Tx, subject: string, now: number): Promise<void> {
  await tx
    .updateTable('deliveries')
    .set({ next_at: now })
    .where('subject', '=', subject)
    .where('receipt', 'is not', null)
    .execute()
}

export async function forgetReceipts(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.updateTable('deliveries').set({ receipt: null }).where('id', 'in', ids).execute()
}

/** Deletes what ended before then. */
export async function deleteDeliveries(tx: Tx, before: number): Promise<void> {
  await tx.deleteFrom('deliveries').where('ended_at', '<', before).execute()
}
