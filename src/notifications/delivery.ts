import type { Id } from '../lib/id.ts'
import type { EventKind } from './event.ts'

export type DeliveryState = 'waiting' | 'sent' | 'failed' | 'withdrawn'

/** A message about one event, to one person, by one channel. */
export interface Delivery {
  readonly id: Id<'delivery'>
  readonly eventId: Id<'event'>
  readonly kind: EventKind
  readonly subject: string
  readonly personId: Id<'person'>
  readonly channel: string
  readonly state: DeliveryState
  readonly attempts: number
  /** Epoch milliseconds. While it is being sent: when another server may try. */
  readonly nextAt: number
  readonly createdAt: number
  readonly endedAt: number | null
  /** Time when the person first saw what it is about. */
  readonly seenAt: number | null
  readonly problem: string | null
}

/** Pauses after attempts that failed, in ms. After the last of them it is given up. */
export const RETRY_PAUSES_MS: readonly number[] = [
  10_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000,
]
/** Time in ms for which a server that sends is left alone. */
export const SENDING_LEASE_MS = 120_000
/**
 * Time in ms between two messages to a person by one channel. What comes up in between waits, and
 * goes in one message.
 */
export const PAUSE_BETWEEN_MESSAGES_MS = 60_000
