import type { LiveView } from '../live/index.ts'
import type { Identified } from './identify.ts'
import type { DecisionParts } from './parts.ts'
import type { Permitted, Ticket } from './verdict.ts'

type LiveParts = Pick<DecisionParts, 'live' | 'clock'>
type Rests = Pick<Permitted, 'view' | 'ticket'>

/** `also`: live state that the token's epochs do not speak of. */
export function ticketOf(
  { claims, held }: Extract<Identified, { known: true }>,
  also: LiveView,
  word?: LiveView,
): Ticket {
  const { deadline } = held.task
  return { also, word, notAfter: Math.min(claims.exp * 1000, deadline), deadline }
}

/**
 * The last check, in the tick that writes the first byte: the lease is in force, nothing that the permit rests on has
 * changed since it was read, and neither token nor task has ended. Does no I/O.
 */
export function stillLive(parts: LiveParts, verdict: Rests): boolean {
  return parts.clock.now() < verdict.ticket.notAfter && mayContinue(parts, verdict)
}

/** The same for a call under way, such as a stream: the token that began it may expire, the task may not. */
export function mayContinue({ clock, live }: LiveParts, { view, ticket }: Rests): boolean {
  return clock.now() < ticket.deadline && holdsAll(live, [view, ticket.also, ticket.word])
}

function holdsAll(live: LiveParts['live'], views: readonly (LiveView | undefined)[]): boolean {
  return views.every((view) => view === undefined || live.holds(view))
}
