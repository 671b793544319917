import type { Clock } from '../clock.ts'

const COUNTED_EVERY_MS = 5_000

/**
 * Bounds how many items of one kind exist at once. They are counted every few seconds, and those
 * admitted meanwhile are added: that is enough to bound work, and no request pays for counting all
 * others. Several replicas may exceed the bound by what they admit between two counts.
 */
export class OccupancyLimit {
  readonly #clock: Clock
  readonly #most: number
  readonly #count: () => Promise<number>
  #countedAt = Number.NEGATIVE_INFINITY
  #there = 0
  #counting: Promise<void> | undefined

  constructor(given: {
    readonly clock: Clock
    readonly most: number
    readonly count: () => Promise<number>
  }) {
    this.#clock = given.clock
    this.#most = given.most
    this.#count = given.count
  }

  /** Checks whether there is room for one more; if so, counts it. */
  async admits(): Promise<boolean> {
    // INVARIANT: a request that comes while it is counted waits for that count, so that none is let in by an old one and none is forgotten.
    if (this.#counting || this.#clock.monotonic() - this.#countedAt >= COUNTED_EVERY_MS) {
      this.#counting ??= this.#recount()
      await this.#counting
    }
    if (this.#there >= this.#most) return false
    this.#there += 1
    return true
  }

  /** Takes back the count of one that was admitted and does not exist after all. */
  leave(): void {
    this.#there = Math.max(0, this.#there - 1)
  }

  async #recount(): Promise<void> {
    try {
      const there = await this.#count()
      this.#there = there
      this.#countedAt = this.#clock.monotonic()
    } finally {
      this.#counting = undefined
    }
  }
}
