import type { Clock } from '../../platform/lib/clock.ts'

/** Failures in a row after which a decision point is left alone for a while. */
const FAILURES = 5
const OPEN_MS = { first: 5_000, most: 60_000 } as const
/** Calls that wait for one decision point at a time. */
const MAX_AT_ONCE = 256

/**
 * Keeps calls from waiting for a decision point that does not answer: after five failures in a row it is not asked for five
 * seconds, and calls that need it are denied at once. Then one call tries; when that fails, too, it is left alone twice as long, up
 * to a minute. An answer, permit or deny, closes the circuit.
 */
export class Circuit {
  readonly #clock: Pick<Clock, 'monotonic'>
  #failures = 0
  #openUntil = 0
  #openFor: number = OPEN_MS.first
  #asking = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  get isOpen(): boolean {
    return this.#failures >= FAILURES
  }

  /**
   * Tells whether a call may ask now. A caller that gets `undefined` has to report the outcome; else it
   * gets the reason.
   */
  enter(): string | undefined {
    if (this.isOpen) {
      if (this.#asking > 0 || this.#clock.monotonic() < this.#openUntil)
        return `it is not asked for a while: it failed ${FAILURES} times in a row`
    } else if (this.#asking >= MAX_AT_ONCE) return 'too many calls wait for it'
    this.#asking++
    return undefined
  }

  answered(): void {
    this.#asking--
    this.#failures = 0
    this.#openFor = OPEN_MS.first
  }

  failed(): void {
    this.#asking--
    // A call that began before it opened proves nothing new.
    const tried = this.isOpen && this.#clock.monotonic() >= this.#openUntil
    if (this.isOpen && !tried) return
    this.#failures++
    if (!this.isOpen) return
    if (tried) this.#openFor = Math.min(this.#openFor * 2, OPEN_MS.most)
    this.#openUntil = this.#clock.monotonic() + this.#openFor
  }
}
