import type { DecisionParts } from './parts.ts'
import type { Permitted } from './verdict.ts'

/**
 * The last check, in the tick that writes the first byte: the lease is in force, nothing that the permit rests on has
 * changed since it was read, and neither token nor task has ended. Does no I/O.
 */
export function stillLive(
  parts: Pick<DecisionParts, 'live' | 'clock'>,
  verdict: Pick<Permitted, 'view' | 'ticket'>,
): boolean {
  const { view, ticket } = verdict
  return (
    parts.clock.now() < ticket.notAfter && parts.live.holds(view) && parts.live.holds(ticket.also)
  )
}
