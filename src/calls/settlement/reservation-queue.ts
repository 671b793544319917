import type { Clock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import { Roster } from '../../lib/under-way/roster.ts'

/** Reservations of a server that wait for the store at once. */
export const MAX_WAITING_RESERVATIONS = 1_000
/**
 * Longest wait of a reservation: whoever would wait behind one that has waited so long is told at
 * once to come back.
 */
export const MAX_RESERVATION_WAIT_MS = 2_000

/**
 * The reservations that wait for the store. A store that does not keep up makes everybody wait until nobody's view holds
 * any more; so a bounded number waits, and the others are refused before anything is written.
 */
export class ReservationQueue {
  readonly #clock: Clock
  readonly #max: number
  /** Times when each began. */
  readonly #begun = new Roster<{ readonly at: number }>()

  constructor({ clock, max = MAX_WAITING_RESERVATIONS }: { clock: Clock; max?: number }) {
    this.#clock = clock
    this.#max = max
  }

  /** @throws Problem `server.busy`, or what `work` throws */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const at = this.#clock.monotonic()
    const oldest = this.#begun.first?.item
    if (this.#begun.size >= this.#max || (oldest && at - oldest.at > MAX_RESERVATION_WAIT_MS))
      throw new Problem('server.busy', 'too many calls wait for the database; nothing was sent')
    const place = this.#begun.add({ at })
    try {
      return await work()
    } finally {
      this.#begun.leave(place)
    }
  }
}
