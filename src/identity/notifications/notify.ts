import { type Repetition, repeat, type Wait } from '../../platform/lib/repeat.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { deliverDue } from './deliver.ts'
import { deleteDeliveries, waitingDeliveries } from './delivery-store.ts'
import { dueSince } from './event-store.ts'
import { expandEvents } from './expand.ts'
import { UNCONFIRMED_LIFE_MS } from './own-channels/own-channel.ts'
import { deleteUnconfirmed } from './own-channels/own-channel-store.ts'
import type { NotificationParts } from './parts.ts'
import { rewriteAnswered } from './rewrite-answered.ts'

const EVERY_MS = 1_000
/** Time in ms for which it stays known who was told of what. */
const DELIVERY_RETENTION_MS = 30 * DAY

/**
 * Tells people what they have to be told, until stopped. What cannot be sent is tried again; no decision ever waits for it.
 */
export function keepNotifying(
  parts: NotificationParts,
  options: { readonly onError: (error: unknown) => void; readonly wait?: Wait },
): Repetition {
  return repeat(() => notifyOnce(parts), { everyMs: EVERY_MS, ...options })
}

/** One round. */
export async function notifyOnce(parts: NotificationParts): Promise<void> {
  await expandEvents(parts)
  await deliverDue(parts)
  await rewriteAnswered(parts)
}

/** Backlog of what people have to be told. */
interface NotificationBacklog {
  /** Milliseconds for which the oldest entry of the outbox has been due. */
  readonly overdueMs: number
  /** Messages whose channel failed, and that are tried again. */
  readonly failing: number
}

/** Measures what waits to be told. */
export async function notificationBacklog({
  clock,
  storage,
}: Pick<NotificationParts, 'clock' | 'storage'>): Promise<NotificationBacklog> {
  const now = clock.now()
  const event = (await dueSince(storage.read, now)) ?? now
  const { dueSince: delivery = now, failing } = await waitingDeliveries(storage.read, now)
  return { overdueMs: now - Math.min(event, delivery), failing }
}

/** Forgets old deliveries, and channels that were not confirmed. */
export function forgetDeliveries({
  clock,
  storage,
}: Pick<NotificationParts, 'clock' | 'storage'>): Promise<void> {
  return storage.transaction(async (tx) => {
    await deleteDeliveries(tx, clock.now() - DELIVERY_RETENTION_MS)
    await deleteUnconfirmed(tx, clock.now() - UNCONFIRMED_LIFE_MS)
  })
}
