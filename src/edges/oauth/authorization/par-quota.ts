import type { Clock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { OccupancyLimit } from '../../../platform/lib/under-way/occupancy-limit.ts'

/**
 * Quota of authorization requests that were pushed and not used: one for all, and for each client or address a share of it. An accepted
 * request counts until it expires; one that is being checked counts only that long.
 */
export class ParQuota {
  readonly #clock: Clock
  readonly #all: Pick<OccupancyLimit, 'admits' | 'leave'>
  readonly #share: number
  readonly #lifeMs: number
  /** Times when the places of each run out (monotonic), oldest first. */
  readonly #places = new Map<string, number[]>()
  #sweepAt = 0

  constructor(given: {
    readonly clock: Clock
    readonly all: Pick<OccupancyLimit, 'admits' | 'leave'>
    /** Most of one client, or of one address. */
    readonly share: number
    readonly lifeMs: number
  }) {
    this.#clock = given.clock
    this.#all = given.all
    this.#share = given.share
    this.#lifeMs = given.lifeMs
  }

  /**
   * Takes a place. `of`: in whose shares it counts. Answers what gives the place back.
   * @throws Problem `authorization.too_many`
   */
  async enter(of: readonly string[]): Promise<() => void> {
    const until = this.#clock.monotonic() + this.#lifeMs
    if (of.some((each) => this.#held(each).length >= this.#share))
      throw new Problem('authorization.too_many', 'too many pushed requests are unused')
    for (const each of of) this.#held(each).push(until)
    const back = () => {
      for (const each of of) this.#giveBack(each, until)
    }
    const admitted = await this.#all.admits().catch((error: unknown) => {
      back()
      throw error
    })
    if (!admitted) {
      back()
      throw new Problem('authorization.too_many', 'too many pushed requests are unused')
    }
    return () => {
      back()
      this.#all.leave()
    }
  }

  /** The places of one that have not run out. */
  #held(of: string): number[] {
    const now = this.#clock.monotonic()
    if (now >= this.#sweepAt) this.#sweep(now)
    const places = (this.#places.get(of) ?? []).filter((until) => until > now)
    this.#places.set(of, places)
    return places
  }

  #giveBack(of: string, until: number): void {
    const places = this.#places.get(of) ?? []
    const at = places.lastIndexOf(until)
    if (at >= 0) places.splice(at, 1)
    if (places.length === 0) this.#places.delete(of)
  }

  /** Forgets those who hold nothing any more, so that there are never more names than places. */
  #sweep(now: number): void {
    this.#sweepAt = now + this.#lifeMs
    for (const [of, places] of this.#places)
      if (places.every((until) => until <= now)) this.#places.delete(of)
  }
}
