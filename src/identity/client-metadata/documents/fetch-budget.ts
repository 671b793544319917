import type { Clock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'

/** Rate of fetches: so many at once, and from then on so many in a second. */
interface FetchRate {
  readonly burst: number
  readonly perSecond: number
}

/**
 * Rate for all documents that are not known here, for all callers together. No caller makes us fetch
 * more than this from the world.
 */
export const OF_STRANGERS: FetchRate = { burst: 60, perSecond: 2 }
/**
 * Rate for documents of agents, and of hosts that an administrator named: strangers cannot use
 * theirs up.
 */
export const OF_KNOWN: FetchRate = { burst: 200, perSecond: 20 }
/** From one origin. */
export const OF_ORIGIN: FetchRate = { burst: 10, perSecond: 0.2 }

/** More origins than were asked within their time of recovery. */
const MAX_ORIGINS = 2_000

interface Bucket {
  left: number
  at: number
}

/**
 * Budget of fetches of documents. Answers that were kept cost nothing; everything else does, also
 * what fails.
 */
export class FetchBudget {
  readonly #clock: Clock
  readonly #strangers: Bucket
  readonly #known: Bucket
  readonly #origins = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
    const at = clock.monotonic()
    this.#strangers = { left: OF_STRANGERS.burst, at }
    this.#known = { left: OF_KNOWN.burst, at }
  }

  /** @throws Problem `client_document.too_many` */
  take(url: string, known: boolean): void {
    const { origin } = new URL(url)
    const now = this.#clock.monotonic()
    const own = this.#origins.get(origin) ?? { left: OF_ORIGIN.burst, at: now }
    const all = known ? this.#known : this.#strangers
    const limit = known ? OF_KNOWN : OF_STRANGERS
    // INVARIANT: both or neither. What one origin has used up does not use up everyone's.
    if (filled(own, OF_ORIGIN, now) < 1 || filled(all, limit, now) < 1)
      throw new Problem('client_document.too_many', 'too many documents were fetched; try later')
    spend(own, OF_ORIGIN, now)
    spend(all, limit, now)
    this.#origins.delete(origin)
    this.#origins.set(origin, own)
    for (const [oldest] of this.#origins) {
      if (this.#origins.size <= MAX_ORIGINS) break
      this.#origins.delete(oldest)
    }
  }
}

function filled({ left, at }: Bucket, { burst, perSecond }: FetchRate, now: number): number {
  return Math.min(burst, left + ((now - at) / 1000) * perSecond)
}

function spend(bucket: Bucket, allowed: FetchRate, now: number): void {
  bucket.left = filled(bucket, allowed, now) - 1
  bucket.at = now
}
