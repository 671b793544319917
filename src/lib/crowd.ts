import type { Clock } from './clock.ts'

const COUNTED_EVERY_MS = 5_000

/**
 * Bounds how many of something there are at once. Counted every few seconds, and what came since is added: that is enough to bound work,
 * and no request pays for counting all others. Several replicas may go over by what they let in between two counts.
 */
export class Crowd {
  readonly #clock: Clock
  readonly #most: number
  readonly #count: () => Promise<number>
  #at = Number.NEGATIVE_INFINITY
  #there = 0

  constructor(given: {
    readonly clock: Clock
    readonly most: number
    readonly count: () => Promise<number>
  }) {
    this.#clock = given.clock
    this.#most = given.most
    this.#count = given.count
  }

  /** Whether there is room for one more; then it counts as there. */
  async admits(): Promise<boolean> {
    const now = this.#clock.monotonic()
    if (now - this.#at >= COUNTED_EVERY_MS) {
      this.#at = now
      this.#there = await this.#count()
    }
    if (this.#there >= this.#most) return false
    this.#there += 1
    return true
  }
}
