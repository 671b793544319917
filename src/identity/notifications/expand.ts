import { newId } from '../../platform/lib/id.ts'
import { type Announcement, MAX_RECIPIENTS } from './announcement.ts'
import type { Delivery, Recipient } from './delivery.ts'
import { insertDeliveries } from './delivery-store.ts'
import type { OutboxEvent } from './event.ts'
import { dueEvents, postponeEvent, takeEvent } from './event-store.ts'
import type { NotificationParts } from './parts.ts'
import { quietUntil } from './quiet-hours.ts'
import { ownRoutes, routesOf } from './routes.ts'

const AT_ONCE = 50

/** Makes the deliveries of events: one round. */
export async function expandEvents(parts: NotificationParts): Promise<void> {
  const due = { now: parts.clock.now(), limit: AT_ONCE }
  for (const event of await dueEvents(parts.storage.read, due)) await expand(parts, event)
}

/**
 * INVARIANT: the event goes in the transaction that makes its deliveries: none is lost. It stays for those whose turn comes
 * later; no one is told of it twice, since of one event each recipient has one delivery by each channel.
 */
async function expand(parts: NotificationParts, event: OutboxEvent): Promise<void> {
  const announcement = await parts.announcers[event.kind](event.subject)
  const deliveries = announcement ? await deliveriesOf(parts, event, announcement) : []
  const later = announcement?.nextTurnAt
  await parts.storage.transaction(async (tx) => {
    const isFirst =
      later === undefined ? await takeEvent(tx, event) : await postponeEvent(tx, event, later)
    if (!isFirst) return
    await insertDeliveries(tx, deliveries)
    await announcement?.recordTurns?.(tx, event.dueAt)
  })
}

/** Deliveries by each channel that is always used; a person who has none of these is told by the first other one. */
async function deliveriesOf(
  parts: NotificationParts,
  event: OutboxEvent,
  announcement: Announcement,
): Promise<Delivery[]> {
  const { groups = [], recipients } = announcement
  const waits = await quietUntil(parts, announcement)
  const toPeople = recipients.slice(0, MAX_RECIPIENTS).map(async (person) => {
    const routes = (await routesOf(parts, person)).filter(({ use }) => use !== 'off')
    const always = routes.filter(({ use }) => use === 'always')
    const used = always.length > 0 ? always : routes.slice(0, 1)
    const nextAt = waits.get(person.id)
    return used.map(({ channel }) =>
      newDelivery(parts, event, { recipient: person.id, channel }, nextAt),
    )
  })
  const toGroups = groups.slice(0, MAX_RECIPIENTS).map(async (group) => {
    const recipient: Recipient = `group:${group}`
    const routes = await ownRoutes(parts, recipient)
    return routes.map(({ channel }) => newDelivery(parts, event, { recipient, channel }))
  })
  return (await Promise.all([...toPeople, ...toGroups])).flat()
}

export function newDelivery(
  { clock, random }: Pick<NotificationParts, 'clock' | 'random'>,
  { id, kind, subject }: Pick<OutboxEvent, 'id' | 'kind' | 'subject'>,
  to: Pick<Delivery, 'channel' | 'recipient'>,
  nextAt = clock.now(),
): Delivery {
  const now = clock.now()
  return {
    ...{ id: newId('delivery', random), eventId: id, kind, subject, ...to },
    ...{ state: 'waiting', attempts: 0, nextAt, createdAt: now },
    ...{ endedAt: null, seenAt: null, problem: null, receipt: null },
  }
}
