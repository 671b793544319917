import type { Id } from '../lib/id.ts'

/** Kinds of event, and the id that each is about: an access request, a consent request, a notice. */
export const EVENT_KINDS = ['request', 'consent', 'notice'] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** Something that people have to be told of. */
export interface OutboxEvent {
  readonly id: Id<'event'>
  readonly kind: EventKind
  readonly subject: string
  readonly createdAt: number
  /** Time from when on it is told: somebody who answers before is not told. */
  readonly dueAt: number
}
