import type { GrantParts } from '../../grants/grants/index.ts'
import type { ExternalPoints } from './judgment/external-points.ts'
import type { CallsInFlight } from './settlement/calls-in-flight.ts'
import type { ReservationQueue } from './settlement/reservation-queue.ts'
import type { CallObserver, Watcher } from './watcher.ts'

/**
 * Parts that calls are decided with. A call with a token of others opens a task, so all parts of
 * grants are here.
 */
export interface CallParts extends GrantParts {
  readonly points: ExternalPoints
  /** Calls of this process, as far as it knows more of them than the store. */
  readonly flights: CallsInFlight
  /** Looks at calls that were answered; absent where nothing does. */
  readonly shadow?: Watcher
  readonly observer: CallObserver
  /** Calls that wait for the store; absent where they are not bounded. */
  readonly reservations?: ReservationQueue
}
