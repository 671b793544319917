import { newId } from '../lib/id.ts'
import { type Announcement, MAX_RECIPIENTS } from './announcement.ts'
import type { Delivery } from './delivery.ts'
import { insertDeliveries } from './delivery-store.ts'
import type { OutboxEvent } from './event.ts'
import { dueEvents, takeEvent } from './event-store.ts'
import type { NotificationParts } from './parts.ts'

const AT_ONCE = 50

/** Makes the deliveries of events: one round. */
export async function expandEvents(parts: NotificationParts): Promise<void> {
  const due = { now: parts.clock.now(), limit: AT_ONCE }
  for (const event of await dueEvents(parts.storage.read, due)) await expand(parts, event)
}

/** INVARIANT: the event goes in the transaction that makes its deliveries: none is lost, and none comes twice. */
async function expand(parts: NotificationParts, event: OutboxEvent): Promise<void> {
  const announcement = await parts.announcers[event.kind](event.subject)
  const deliveries = announcement ? deliveriesOf(parts, event, announcement) : []
  await parts.storage.transaction(async (tx) => {
    if (await takeEvent(tx, event.id)) await insertDeliveries(tx, deliveries)
  })
}

function deliveriesOf(
  { channels, clock, random }: NotificationParts,
  { id, kind, subject }: OutboxEvent,
  { recipients }: Announcement,
): Delivery[] {
  const now = clock.now()
  return recipients.slice(0, MAX_RECIPIENTS).flatMap((person) =>
    channels
      .filter((channel) => channel.reaches(person))
      .map(
        ({ name }): Delivery => ({
          id: newId('delivery', random),
          ...{ eventId: id, kind, subject, personId: person.id, channel: name },
          ...{ state: 'waiting', attempts: 0, nextAt: now, createdAt: now },
          ...{ endedAt: null, problem: null },
        }),
      ),
  )
}
