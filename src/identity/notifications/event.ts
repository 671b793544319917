import type { Id } from '../../platform/lib/id.ts'

/**
 * Kinds of event, and the id that each is about: an access request, one that still waits, one that was not answered in
 * time, one that was reported; a consent request; a notice; a passkey or the permission for one; a call
 * that one person approved alone in an emergency, whose review is due, or is done; a stand-in that was named or begins,
 * and one that was ended early.
 */
export const EVENT_KINDS = [
  'request',
  'reminder',
  'expired',
  'report',
  'consent',
  'notice',
  'passkey',
  'break_glass',
  'review_due',
  'reviewed',
  'stand_in',
  'stand_in_ended',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** Something that people have to be told of. */
export interface OutboxEvent {
  readonly id: Id<'event'>
  readonly kind: EventKind
  readonly subject: string
  readonly createdAt: number
  /** Time from when on it is told: a person who answers before is not told. */
  readonly dueAt: number
}
