import { newId } from '../../platform/lib/id.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { OutboxEvent } from './event.ts'
import { insertEventsQuery } from './event-store.ts'

/**
 * Adds an event in the transaction of what it is about.
 * INVARIANT: what people have to answer and the event that tells them are durable together.
 */
export async function addEvent(
  parts: { readonly random: Random },
  tx: Tx,
  event: NewEvent,
): Promise<void> {
  await insertEventsQuery(tx, [newEvent(parts, event)]).execute()
}

export interface NewEvent extends Pick<OutboxEvent, 'kind' | 'subject'> {
  readonly at: number
  /** Time in ms before anyone is told; none, when left out. */
  readonly after?: number
}

export function newEvent(
  { random }: { readonly random: Random },
  { after = 0, at, kind, subject }: NewEvent,
): OutboxEvent {
  return { id: newId('event', random), kind, subject, createdAt: at, dueAt: at + after }
}
