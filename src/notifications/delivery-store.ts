import { sql } from 'kysely'
import { codec, type Reader, type Storage, type Tx } from '../storage/index.ts'
import type { Delivery } from './delivery.ts'

const DELIVERIES = codec('deliveries').of<Delivery>()

/** Deliveries about one subject that are looked at: those of a question that was asked often. */
const MAX_ABOUT = 200

/** A literal: a parameter would not match the predicate of the index. */
const WAITING = sql.lit<'waiting'>('waiting')

export interface Recipient {
  readonly personId: string
  readonly channel: string
}

export async function insertDeliveries(tx: Tx, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return
  await tx.insertInto('deliveries').values(deliveries.map(DELIVERIES.write)).execute()
}

/** Recipients of the deliveries that are due for longest, each once. */
export async function dueRecipients(
  db: Reader,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<Recipient[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['person_id', 'channel'])
    .where('state', '=', WAITING)
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(limit)
    .execute()
  const found = rows.map((row) => ({ personId: row.person_id, channel: row.channel }))
  return [...new Map(found.map((each) => [`${each.personId} ${each.channel}`, each])).values()]
}

/** Has all that is due for one recipient wait until then. */
export async function postpone(
  tx: Tx,
  { channel, personId }: Recipient,
  { now, until }: { readonly now: number; readonly until: number },
): Promise<void> {
  await tx
    .updateTable('deliveries')
    .set({ next_at: until })
    .where('person_id', '=', personId)
    .where('channel', '=', channel)
    .where('state', '=', WAITING)
    .where('next_at', '<=', now)
    .execute()
}

/** Deliveries to one recipient that are due, the oldest first. */
export async function dueDeliveries(
  tx: Tx,
  { channel, personId }: Recipient,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<Delivery[]> {
  const rows = await tx
    .selectFrom('deliveries')
    .selectAll()
    .where('state', '=', WAITING)
    .where('next_at', '<=', now)
    .where('person_id', '=', personId)
    .where('channel', '=', channel)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(DELIVERIES.read)
}

/** Times of the messages to one recipient since then. Deliveries of one message share their time. */
export async function messageTimes(
  tx: Tx,
  { channel, personId }: Recipient,
  since: number,
): Promise<number[]> {
  const rows = await tx
    .selectFrom('deliveries')
    .select('ended_at')
    .distinct()
    .where('person_id', '=', personId)
    .where('channel', '=', channel)
    .where('state', '=', 'sent')
    .where('ended_at', '>', since)
    .execute()
  return rows.flatMap(({ ended_at: at }) => (at === null ? [] : [at]))
}

export async function changeDeliveries(
  tx: Tx,
  ids: readonly string[],
  change: Partial<Pick<Delivery, 'state' | 'nextAt' | 'endedAt' | 'problem'>>,
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
    (delivery) => delivery.personId === personId && delivery.seenAt === null,
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

/** Deletes what ended before then. */
export async function deleteDeliveries(tx: Tx, before: number): Promise<void> {
  await tx.deleteFrom('deliveries').where('ended_at', '<', before).execute()
}
