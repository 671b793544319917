/** Longest lease that is believed, in milliseconds: who is cut off falls silent within this. */
export const MAX_LEASE_MS = 5_000

/** A moment, by both clocks of this process. */
export interface Moment {
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: number
  /** Epoch milliseconds. */
  readonly wall: number
}

export interface Clocks {
  readonly monotonic: () => number
  readonly wall: () => number
}

export function momentOf({ monotonic, wall }: Clocks): Moment {
  return { monotonic: monotonic(), wall: wall() }
}

const OVER: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY }

/**
 * Right to decide by what was read from Remit, and Remit's time.
 * INVARIANT: whichever clock says that it is over is believed: one does not count the time that a
 * machine slept, the other can be set.
 */
export class Lease {
  readonly #clocks: Clocks
  #until = OVER
  #time: { readonly at: number; readonly monotonic: number } | undefined

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  get leftMs(): number {
    const { monotonic, wall } = momentOf(this.#clocks)
    return Math.max(0, Math.min(this.#until.monotonic - monotonic, this.#until.wall - wall))
  }

  /** `asked`: the moment before the request was sent. A lease never becomes shorter by a later answer. */
  renew(asked: Moment, ms: number): void {
    const most = Math.min(ms, MAX_LEASE_MS)
    this.#until = {
      monotonic: Math.max(this.#until.monotonic, asked.monotonic + most),
      wall: asked.wall + most,
    }
  }

  end(): void {
    this.#until = OVER
  }

  /** Notes Remit's time, `waitedMs` after it had the request. */
  tell(asked: Moment, now: number, waitedMs: number): void {
    this.#time = { at: now - waitedMs, monotonic: asked.monotonic }
  }

  /** Remit's time, epoch milliseconds: ahead of it by what a request takes to arrive. */
  now(): number {
    if (!this.#time) return Number.NaN
    return Math.floor(this.#time.at + this.#clocks.monotonic() - this.#time.monotonic)
  }
}
