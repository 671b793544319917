import { Problem } from '../../platform/lib/problem.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { DeliveryError, RETRY_PAUSES_MS } from '../../platform/webhooks/index.ts'
import type { Announcement } from './announcement.ts'
import type { AnswerableQuestion } from './channel.ts'
import { ATTEMPTS_BEFORE_NEXT, type Delivery, SENDING_LEASE_MS } from './delivery.ts'
import {
  beginAttempt,
  changeDeliveries,
  type Destination,
  deliveriesOfEvent,
  dueDeliveries,
  dueDestinations,
  insertDeliveries,
} from './delivery-store.ts'
import { newDelivery } from './expand.ts'
import { removeOwnChannel } from './own-channels/own-channels.ts'
import { chooseNow } from './pace.ts'
import type { NotificationParts } from './parts.ts'
import { type ChannelRoute, ownRoutes, routesOf } from './routes.ts'

/** Deliveries that one round looks at. */
const AT_ONCE = 100
/** Deliveries of one message. */
const MAX_IN_ONE = 50
/** Announcements that a message shows; of others it says the number. */
const MAX_SHOWN = 10
const MAX_PROBLEM = 200

/** Sends due messages: one round. */
export async function deliverDue(parts: NotificationParts): Promise<void> {
  const now = parts.clock.now()
  const due = await dueDestinations(parts.storage.read, { now, limit: AT_ONCE })
  await Promise.all(due.map((destination) => deliverTo(parts, destination)))
}

async function deliverTo(parts: NotificationParts, to: Destination): Promise<void> {
  const { clock, storage } = parts
  const taken = await storage.transaction((tx) => take(parts, tx, to, clock.now()))
  if (taken.length === 0) return
  const current = await stillCurrent(parts, taken)
  const [first] = current
  const route = first && (await routeTo(parts, to, first.announcement))
  const sent = route ? current.map(({ delivery }) => delivery) : []
  const left = taken.filter((delivery) => !sent.includes(delivery))
  const endedAt = clock.now()
  await settle(parts, left, { state: 'withdrawn', endedAt })
  if (!route) return
  const ordered = inTurns(current)
  const deliveries = ordered.slice(0, MAX_SHOWN)
  const message = {
    id: first.delivery.id,
    announcements: deliveries.map(({ announcement }) => announcement),
    more: ordered.length - deliveries.length,
    sentAt: endedAt,
    questions: route.answers ? await questionsOf(parts, deliveries) : undefined,
  }
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
 * Takes deliveries that are due for one destination and may go now. Those that wait go together later.
 * INVARIANT: one server at a time sends to a destination.
 */
async function take(
  parts: NotificationParts,
  tx: Tx,
  to: Destination,
  now: number,
): Promise<Delivery[]> {
  const due = await dueDeliveries(tx, to, { now, limit: MAX_IN_ONE })
  if (due.length === 0) return []
  const chosen = await chooseNow(parts, tx, to, { due, now })
  const ids = chosen.map(({ id }) => id)
  if (ids.length > 0) await beginAttempt(tx, ids, now + SENDING_LEASE_MS)
  return chosen
}

interface CurrentDelivery {
  readonly delivery: Delivery
  readonly announcement: Announcement
}

/** INVARIANT, second look: read again in the moment of sending: who may not answer any more is not told. */
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

/** Finds what each announcement of a message asks, where it can be answered by buttons. */
async function questionsOf(
  parts: NotificationParts,
  deliveries: readonly CurrentDelivery[],
): Promise<ReadonlyMap<Announcement, AnswerableQuestion>> {
  const found = new Map<Announcement, AnswerableQuestion>()
  for (const { announcement, delivery } of deliveries) {
    const { id: deliveryId, kind, recipient, subject } = delivery
    const question = await parts.questionOf?.(kind, subject, recipient)
    if (question) found.set(announcement, { deliveryId, question })
  }
  return found
}

/** Puts something of every agent before more of one: none can hide the question of another. */
function inTurns(current: readonly CurrentDelivery[]): CurrentDelivery[] {
  const counts = new Map<string, number>()
  const ranked = current.map((each) => {
    const { agent } = each.announcement
    const rank = counts.get(agent) ?? 0
    counts.set(agent, rank + 1)
    return { each, rank }
  })
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ each }) => each)
}
