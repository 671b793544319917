import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { Outcome } from './outcome-record.ts'

/** Outcomes that wait for the store, and reservations whose commit is uncertain. About 300 bytes each. */
const MAX_WAITING = 10_000
/**
 * Time in which a commit whose answer was lost may still turn up: longer than any transaction may
 * take.
 */
const UNKNOWN_TTL_MS = 15 * MINUTE

/**
 * Calls of this process, as far as it knows more of them than the store: which are under way, which
 * ended without being stored, and which were never sent although their reservation may have been
 * stored. A row that says `sending` and is in none of them is settled by `settleOwn`.
 */
export class CallsInFlight {
  readonly #underWay = new Set<string>()
  readonly #ended = new Map<string, Outcome>()
  readonly #unsent = new Map<string, number>()
  readonly #most: number

  constructor(most = MAX_WAITING) {
    this.#most = most
  }

  /** INVARIANT: before the reservation is committed, so that no row of a call under way is taken for one left behind. */
  begin(id: string): void {
    this.#underWay.add(id)
  }

  /** Forgets a call of which nothing more is known than what the store says. */
  end(id: string): void {
    this.#underWay.delete(id)
    this.#ended.delete(id)
  }

  /** The call has ended like this, and the store does not know yet. */
  keepOutcome(id: string, outcome: Outcome): void {
    this.#underWay.delete(id)
    putBounded(this.#ended, id, outcome, this.#most)
  }

  /**
   * Notes that nothing was sent, and that it is not known whether the reservation was stored. `at`:
   * monotonic.
   */
  keepUnsent(id: string, at: number): void {
    this.#underWay.delete(id)
    putBounded(this.#unsent, id, at, this.#most)
  }

  /** Tells whether the store is wrong about a call that it says is being sent, or right. */
  has(id: string): boolean {
    return this.#underWay.has(id) || this.#ended.has(id)
  }

  /** Outcomes that wait for the store, oldest first. */
  outcomes(): readonly (readonly [id: string, outcome: Outcome])[] {
    return [...this.#ended]
  }

  /** Reservations whose commit may still turn up, oldest first. `at`: monotonic. */
  unsent(at: number): readonly string[] {
    for (const [id, since] of this.#unsent) {
      if (at - since < UNKNOWN_TTL_MS) break
      this.#unsent.delete(id)
    }
    return [...this.#unsent.keys()]
  }

  forgetUnsent(id: string): void {
    this.#unsent.delete(id)
  }
}

/** The oldest goes first: a forgotten call is found again by its row, and called indeterminate. */
function putBounded<T>(map: Map<string, T>, id: string, value: T, most: number): void {
  map.set(id, value)
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}
