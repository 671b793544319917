import type { Clock } from '../../../platform/lib/clock.ts'
import { SharedReads } from '../../../platform/lib/under-way/shared-reads.ts'

/** Value that was fetched, and how long it counts, milliseconds. */
export interface FetchedValue<T> {
  readonly value: T
  readonly lifeMs: number
}

interface KeptValue<T> {
  readonly value: T
  readonly at: number
  readonly until: number
}

/** Answers of others by their address: so many at most, the longest unused go first. */
const MAX_KEPT = 1_000

/**
 * One fetch for everybody who asks for the same at once, and for as long as the answer may be kept.
 * INVARIANT: failures are not kept, neither errors nor unacceptable documents (section 5.2 of the draft).
 */
export class KeptFetches<T> {
  readonly #clock: Clock
  readonly #fetch: (url: string) => Promise<FetchedValue<T>>
  readonly #kept = new Map<string, KeptValue<T>>()
  readonly #underWay = new SharedReads<T>()

  constructor(clock: Clock, fetch: (url: string) => Promise<FetchedValue<T>>) {
    this.#clock = clock
    this.#fetch = fetch
  }

  /** Answers the kept value, unless that is older than `mostAgeMs`. Rejects as the fetch does. */
  get(url: string, mostAgeMs = Number.POSITIVE_INFINITY): Promise<T> {
    const now = this.#clock.monotonic()
    const kept = this.#kept.get(url)
    if (kept && now < kept.until && now - kept.at <= mostAgeMs) {
      this.#keep(url, kept)
      return Promise.resolve(kept.value)
    }
    return this.#underWay.share(url, () => this.#read(url))
  }

  async #read(url: string): Promise<T> {
    try {
      const { lifeMs, value } = await this.#fetch(url)
      const at = this.#clock.monotonic()
      this.#keep(url, { value, at, until: at + lifeMs })
      return value
    } catch (error) {
      this.#kept.delete(url)
      throw error
    }
  }

  #keep(url: string, kept: KeptValue<T>): void {
    this.#kept.delete(url)
    this.#kept.set(url, kept)
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break
      this.#kept.delete(oldest)
    }
  }
}
