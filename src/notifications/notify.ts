import { type Repetition, repeat, type Wait } from '../lib/repeat.ts'
import { deliverDue } from './deliver.ts'
import { deleteDeliveries } from './delivery-store.ts'
import { expandEvents } from './expand.ts'
import type { NotificationParts } from './parts.ts'

const EVERY_MS = 1_000
/** Time in ms for which it stays known who was told of what. */
const KEPT_MS = 30 * 86_400_000

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
}

/** Forgets who was told of what long ago. */
export function forgetDeliveries({
  clock,
  storage,
}: Pick<NotificationParts, 'clock' | 'storage'>): Promise<void> {
  return storage.transaction((tx) => deleteDeliveries(tx, clock.now() - KEPT_MS))
}
