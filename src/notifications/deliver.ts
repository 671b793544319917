import type { Tx } from '../storage/index.ts'
import type { Announcement } from './announcement.ts'
import { type Channel, DeliveryError } from './channel.ts'
import {
  type Delivery,
  PAUSE_BETWEEN_MESSAGES_MS,
  RETRY_PAUSES_MS,
  SENDING_LEASE_MS,
} from './delivery.ts'
import {
  beginAttempt,
  changeDeliveries,
  dueDeliveries,
  dueRecipients,
  messageTimes,
  postpone,
  type Recipient,
} from './delivery-store.ts'
import { channelsFor } from './muted-channels.ts'
import type { NotificationParts } from './parts.ts'

/** Deliveries that one round looks at. */
const AT_ONCE = 100
/** Deliveries of one message. */
const MAX_IN_ONE = 50
/** Announcements that a message shows; of others it says the number. */
const MAX_SHOWN = 10
const HOUR_MS = 3_600_000
const MAX_PAUSE_MS = 900_000
const MAX_PROBLEM = 200

/** Sends what is due: one round. */
export async function deliverDue(parts: NotificationParts): Promise<void> {
  const now = parts.clock.now()
  const recipients = await dueRecipients(parts.storage.read, { now, limit: AT_ONCE })
  await Promise.all(recipients.map((recipient) => deliverTo(parts, recipient)))
}

async function deliverTo(parts: NotificationParts, recipient: Recipient): Promise<void> {
  const { clock, storage } = parts
  const taken = await storage.transaction((tx) => take(tx, recipient, clock.now()))
  if (taken.length === 0) return
  const channel = parts.channels.find(({ name }) => name === recipient.channel)
  const current = channel ? await stillCurrent(parts, taken, channel) : []
  const settle = (
    deliveries: readonly Delivery[],
    change: Parameters<typeof changeDeliveries>[2],
  ) =>
    storage.transaction((tx) =>
      changeDeliveries(
        tx,
        deliveries.map(({ id }) => id),
        change,
      ),
    )
  const ids = new Set(current.map(({ delivery }) => delivery.id))
  await settle(
    taken.filter(({ id }) => !ids.has(id)),
    { state: 'withdrawn', endedAt: clock.now() },
  )
  const [first] = current
  if (!first || !channel) return
  const problem = await channel.send(first.person, messageOf(current, clock.now())).then(
    () => undefined,
    (error: unknown) => error,
  )
  const sent = current.map(({ delivery }) => delivery)
  if (problem === undefined)
    return settle(sent, { state: 'sent', endedAt: clock.now(), problem: null })
  const words = (problem instanceof Error ? problem.message : 'unknown').slice(0, MAX_PROBLEM)
  for (const delivery of sent) {
    const pause = RETRY_PAUSES_MS[delivery.attempts]
    const lasting = problem instanceof DeliveryError && problem.lasting
    await settle(
      [delivery],
      lasting || pause === undefined
        ? { state: 'failed', endedAt: clock.now(), problem: words }
        : { nextAt: clock.now() + pause, problem: words },
    )
  }
}

/**
 * Takes what is due for one recipient, unless the last message was sent a moment ago: then all of it waits, and goes together.
 * INVARIANT: one server at a time sends to a recipient.
 */
async function take(tx: Tx, recipient: Recipient, now: number): Promise<Delivery[]> {
  const due = await dueDeliveries(tx, recipient, { now, limit: MAX_IN_ONE })
  const ids = due.map(({ id }) => id)
  const times = await messageTimes(tx, recipient, now - HOUR_MS)
  const next = nextMessageAt(times)
  if (next > now) await postpone(tx, recipient, { now, until: next })
  else if (ids.length > 0) await beginAttempt(tx, ids, now + SENDING_LEASE_MS)
  return next > now ? [] : due
}

/**
 * Earliest time of the next message, by those of the last hour: each makes the pause twice as long, up to a quarter of an hour. So
 * nobody who asks again and again makes somebody's phone ring all the time.
 */
export function nextMessageAt(times: readonly number[]): number {
  if (times.length === 0) return 0
  const pause = PAUSE_BETWEEN_MESSAGES_MS * 2 ** (times.length - 1)
  return Math.max(...times) + Math.min(pause, MAX_PAUSE_MS)
}

interface CurrentDelivery {
  readonly delivery: Delivery
  readonly announcement: Announcement
  readonly person: Announcement['recipients'][number]
}

/** INVARIANT: read again in the moment of sending: who may not answer any more is not told. */
async function stillCurrent(
  parts: NotificationParts,
  deliveries: readonly Delivery[],
  channel: Channel,
): Promise<CurrentDelivery[]> {
  const found = await Promise.all(
    deliveries.map(async (delivery) => {
      const announcement = await parts.announcers[delivery.kind](delivery.subject)
      const person = announcement?.recipients.find(({ id }) => id === delivery.personId)
      if (!announcement || !person) return []
      if (!(await channelsFor(parts, person)).includes(channel)) return []
      const { expiresAt } = announcement
      return expiresAt !== null && expiresAt <= parts.clock.now()
        ? []
        : [{ delivery, announcement, person }]
    }),
  )
  return found.flat()
}

/** Shows something of every agent before it shows more of one: none can hide the question of another. */
function messageOf(current: readonly CurrentDelivery[], sentAt: number) {
  const counts = new Map<string, number>()
  const ranked = current.map(({ announcement }) => {
    const rank = counts.get(announcement.agent) ?? 0
    counts.set(announcement.agent, rank + 1)
    return { announcement, rank }
  })
  const ordered = ranked.toSorted((a, b) => a.rank - b.rank).map((each) => each.announcement)
  return {
    id: current[0]?.delivery.id ?? '',
    announcements: ordered.slice(0, MAX_SHOWN),
    more: Math.max(0, ordered.length - MAX_SHOWN),
    sentAt,
  }
}
