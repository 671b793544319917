import { MINUTE } from '../../lib/time-units.ts'

interface Bucket {
  tokens: number
  at: number
}

/**
 * Maximum of keys remembered. The key that was unused for longest is forgotten first, and starts
 * over.
 */
const MAX_KEYS = 10_000

/** Token buckets, one for each key, that start full and refill evenly. */
export class Buckets {
  readonly #perMinute: number
  readonly #monotonic: () => number
  readonly #buckets = new Map<string, Bucket>()

  /** `monotonic`: milliseconds. */
  constructor(perMinute: number, monotonic: () => number) {
    this.#perMinute = perMinute
    this.#monotonic = monotonic
  }

  /** Takes one: 0, or the milliseconds until there is one. */
  take(key: string): number {
    const now = this.#monotonic()
    const perMs = this.#perMinute / MINUTE
    const known = this.#buckets.get(key) ?? { tokens: this.#perMinute, at: now }
    const tokens = Math.min(this.#perMinute, known.tokens + (now - known.at) * perMs)
    const taken = tokens >= 1
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now })
    this.#forget()
    return taken ? 0 : (1 - tokens) / perMs
  }

  #forget(): void {
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_KEYS) return
      this.#buckets.delete(oldest)
    }
  }
}
