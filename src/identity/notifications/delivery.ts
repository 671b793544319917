import type { Id } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import type { EventKind } from './event.ts'

export type DeliveryState = 'waiting' | 'sent' | 'failed' | 'withdrawn'

/** A person, or a group with channels of its own. */
export type Recipient = Id<'person'> | `group:${string}`

/** A message about one event, to one recipient, by one channel. */
export interface Delivery {
  readonly id: Id<'delivery'>
  readonly eventId: Id<'event'>
  readonly kind: EventKind
  readonly subject: string
  readonly recipient: Recipient
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
  /** Name of the message at the channel, while it can be rewritten to the outcome. */
  readonly receipt: string | null
}

/** Attempts by one channel before the next one of the person is taken, where there is one. */
export const ATTEMPTS_BEFORE_NEXT = 3
/** Time in ms for which a server that sends is left alone. */
export const SENDING_LEASE_MS = 120_000
/**
 * Time in ms between two messages to a person by one channel. What comes up in between waits, and
 * goes in one message.
 */
export const PAUSE_BETWEEN_MESSAGES_MS = MINUTE
