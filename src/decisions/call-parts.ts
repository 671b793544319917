import type { DecisionPoints } from './external/decision-points.ts'
import type { GrantParts } from './grant-parts.ts'
import type { CallsInFlight } from './settling/calls-in-flight.ts'
import type { ReservationQueue } from './settling/reservation-queue.ts'
import type { Watcher } from './shadow/answered.ts'

/** What calls are decided with. A call with a token of others opens a task, so all of a grant's is here. */
export interface CallParts extends GrantParts {
  readonly points: DecisionPoints
  /** What this process knows of its own calls beyond the store. */
  readonly flights: CallsInFlight
  /** Looks at calls that were answered; absent where nothing does. */
  readonly shadow?: Watcher
  /** Calls that wait for the store; absent where nobody counts. */
  readonly reservations?: ReservationQueue
}
