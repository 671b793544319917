import { Problem } from '../lib/problem.ts'
import type { Tx } from '../storage/index.ts'
import { DeliveryError, RETRY_PAUSES_MS } from '../webhooks/index.ts'
import type { Announcement } from './announcement.ts'
import type { ChannelQuestion } from './channel.ts'
import {
  ATTEMPTS_BEFORE_NEXT,
  type Delivery,
  PAUSE_BETWEEN_MESSAGES_MS,
  SENDING_LEASE_MS,
} from './delivery.ts'
import {
  beginAttempt,
  changeDeliveries,
  type Destination,
  deliveriesOfEvent,
  dueDeliveries,
  dueDestinations,
  insertDeliveries,
  messageTimes,
  postpone,
} from './delivery-store.ts'
import { newDelivery } from './expand.ts'
import { removeOwnChannel } from './own-channels/own-channels.ts'
import type { NotificationParts } from './parts.ts'
import { type ChannelRoute, ownRoutes, routesOf } from './routes.ts'

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
  const due = await dueDestinations(parts.storage.read, { now, limit: AT_ONCE })
  await Promise.all(due.map((destination) => deliverTo(parts, destination)))
}

async function deliverTo(parts: NotificationParts, to: Destination): Promise<void> {
  const { clock, storage } = parts
  const taken = await storage.transaction((tx) => take(tx, to, clock.now()))
  if (taken.length === 0) return
  const current = await stillCurrent(parts, taken)
  const [first] = current
  const route = first && (await routeTo(parts, to, first.announcement))
  const sent = route ? current.map(({ delivery }) => delivery) : []
  const left = taken.filter((delivery) => !sent.includes(delivery))
  const endedAt = clock.now()
  await settle(parts, left, { state: 'withdrawn', endedAt })
  if (!route) return
  const question = route.answers ? await questionOf(parts, current) : undefined
  const message = { ...messageOf(current, endedAt), question }
  const { problem, receipt = null } = await route.send(message).then(
    (accepted) => ({ receipt: accepted, problem: undefined }),
    (error: unknown) => ({ receipt: undefined, problem: error }),
  )
  if (problem === undefined) {
    const now = clock.now()
    const change = { state: 'sent', endedAt: now, problem: null, nextAt: now, receipt } as const
    return settle(parts, sent, change)
  }
  for (const each of current) await settleFailure(parts, each, problem)
  if (problem instanceof DeliveryError && problem.gone) await forgetChannel(parts, to)
}

function settle(
  { storage }: NotificationParts,
  deliveries: readonly Delivery[],
  change: Parameters<typeof changeDeliveries>[2],
): Promise<void> {
  const ids = deliveries.map(({ id }) => id)
  return storage.transaction((tx) => changeDeliveries(tx, ids, change))
}

/** Tries again later; where the person has another channel, soon by that one. */
async function settleFailure(
  parts: NotificationParts,
  { announcement, delivery }: CurrentDelivery,
  error: unknown,
): Promise<void> {
  const { clock, storage } = parts
  const pause = RETRY_PAUSES_MS[delivery.attempts]
  const problem = (error instanceof Error ? error.message : 'unknown').slice(0, MAX_PROBLEM)
  const lasting = (error instanceof DeliveryError && error.lasting) || pause === undefined
  const soon = delivery.attempts + 1 >= ATTEMPTS_BEFORE_NEXT
  const next = lasting || soon ? await nextDelivery(parts, delivery, announcement) : undefined
  await storage.transaction(async (tx) => {
    await changeDeliveries(
      tx,
      [delivery.id],
      lasting || next
        ? { state: 'failed', endedAt: clock.now(), problem }
        : { nextAt: clock.now() + pause, problem },
    )
    await insertDeliveries(tx, next ? [next] : [])
  })
}

/** Delivery by the next channel in the person's order, unless the event reached the person by another. */
async function nextDelivery(
  parts: NotificationParts,
  failed: Delivery,
  announcement: Announcement,
): Promise<Delivery | undefined> {
  const person = announcement.recipients.find(({ id }) => id === failed.recipient)
  if (!person) return undefined
  const known = await deliveriesOfEvent(parts.storage.read, failed)
  if (known.some(({ id, state }) => id !== failed.id && state !== 'failed')) return undefined
  const tried = new Set(known.map(({ channel }) => channel))
  const next = (await routesOf(parts, person)).find(
    ({ channel, use }) => use !== 'off' && !tried.has(channel),
  )
  const { eventId: id, kind, recipient, subject } = failed
  const about = { id, kind, subject }
  return next && newDelivery(parts, about, { recipient, channel: next.channel })
}

/** A service said that an address is no more: it is asked no more. */
async function forgetChannel(
  parts: NotificationParts,
  { channel, recipient }: Destination,
): Promise<void> {
  const id = channel.split(':')[1] ?? ''
  await removeOwnChannel(parts, { owner: recipient, id, by: 'system' }).catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error // removed by another server
  })
}

/** Finds the channel again in the moment of sending: who turned it off is not told by it. */
async function routeTo(
  parts: NotificationParts,
  { channel, recipient }: Destination,
  { recipients }: Announcement,
): Promise<ChannelRoute | undefined> {
  const person = recipients.find(({ id }) => id === recipient)
  const routes = person ? await routesOf(parts, person) : await ownRoutes(parts, recipient)
  return routes.find((route) => route.channel === channel && route.use !== 'off')
}

/**
 * Takes what is due for one destination, unless the last message was sent a moment ago: then all of it waits, and goes together.
 * INVARIANT: one server at a time sends to a destination.
 */
async function take(tx: Tx, to: Destination, now: number): Promise<Delivery[]> {
  const due = await dueDeliveries(tx, to, { now, limit: MAX_IN_ONE })
  const ids = due.map(({ id }) => id)
  const times = await messageTimes(tx, to, now - HOUR_MS)
  const next = nextMessageAt(times)
  if (next > now) await postpone(tx, to, { now, until: next })
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
}

/** INVARIANT: read again in the moment of sending: who may not answer any more is not told. */
async function stillCurrent(
  parts: NotificationParts,
  deliveries: readonly Delivery[],
): Promise<CurrentDelivery[]> {
  const found = await Promise.all(
    deliveries.map(async (delivery) => {
      const announcement = await parts.announcers[delivery.kind](delivery.subject)
      if (!announcement || !isFor(announcement, delivery)) return []
      const { expiresAt } = announcement
      return expiresAt !== null && expiresAt <= parts.clock.now()
        ? []
        : [{ delivery, announcement }]
    }),
  )
  return found.flat()
}

function isFor({ groups = [], recipients }: Announcement, { recipient }: Delivery): boolean {
  return (
    recipients.some(({ id }) => id === recipient) ||
    groups.some((group) => recipient === `group:${group}`)
  )
}

/** The one question of a message, where it can be answered by buttons. */
async function questionOf(
  parts: NotificationParts,
  [only, ...more]: readonly CurrentDelivery[],
): Promise<ChannelQuestion | undefined> {
  if (!only || more.length > 0) return undefined
  const { kind, recipient, subject } = only.delivery
  return parts.questionOf?.(kind, subject, recipient)
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
