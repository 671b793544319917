import { newId } from '../lib/id.ts'
import type { Person } from '../people/index.ts'
import { MAX_RECIPIENTS } from './announcement.ts'
import type { Delivery } from './delivery.ts'
import { insertDeliveries } from './delivery-store.ts'
import type { OutboxEvent } from './event.ts'
import { dueEvents, takeEvent } from './event-store.ts'
import { channelsFor } from './muted-channels.ts'
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
  const recipients = announcement?.recipients.slice(0, MAX_RECIPIENTS) ?? []
  const deliveries = await deliveriesTo(parts, event, recipients)
  await parts.storage.transaction(async (tx) => {
    if (await takeEvent(tx, event.id)) await insertDeliveries(tx, deliveries)
  })
}

async function deliveriesTo(
  parts: NotificationParts,
  { id, kind, subject }: OutboxEvent,
  people: readonly Person[],
): Promise<Delivery[]> {
  const now = parts.clock.now()
  const found = await Promise.all(
    people.map(async (person) => {
      const channels = await channelsFor(parts, person)
      return channels.map(
        ({ name }): Delivery => ({
          id: newId('delivery', parts.random),
          ...{ eventId: id, kind, subject, personId: person.id, channel: name },
          ...{ state: 'waiting', attempts: 0, nextAt: now, createdAt: now },
          ...{ endedAt: null, seenAt: null, problem: null },
        }),
      )
    }),
  )
  return found.flat()
}
