import type { Clock } from '../lib/clock.ts'

/** L: a replica that was cut off stops permitting within this, and a revocation returns no later (design.md, promise 2). */
export const LEASE_MS = 5_000

/** The local deadline is shorter, so that clocks that run a little differently cannot matter. */
const LOCAL_LEASE_MS = 4_500

/** How much faster than ours the database's clock may run before we stop believing it. */
const DRIFT = 1.01
const SAMPLE_MS = 100

/** One moment, by both clocks of this process. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}

/**
 * This server's own right to use what it has read. It also runs out while nothing else works.
 * INVARIANT: whichever clock says that it is over is believed. The monotonic one does not count the time that a machine
 * slept; the wall clock can be set.
 */
export class Lease {
  readonly #clock: Clock
  #until: Moment = OVER
  /** Since when it is in force without a break. */
  #since = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  inForce(): boolean {
    const { wall, monotonic } = this.#until
    return this.#clock.monotonic() < monotonic && this.#clock.now() < wall
  }

  /** `asked`: before the renewal asked the database for anything. */
  renew({ monotonic, wall }: Moment): void {
    if (!this.inForce()) this.#since = monotonic
    this.#until = { monotonic: monotonic + LOCAL_LEASE_MS, wall: wall + LOCAL_LEASE_MS }
  }

  /** For how long it has been in force without a break, in milliseconds; 0 where it is not. */
  age(): number {
    return this.inForce() ? this.#clock.monotonic() - this.#since : 0
  }

  end(): void {
    this.#until = OVER
  }
}

const OVER: Moment = { wall: Number.NEGATIVE_INFINITY, monotonic: Number.NEGATIVE_INFINITY }

/**
 * Database time that cannot be made to run ahead. A step forward of the database's clock would make leases that are
 * still in use look as if they had run out; what we saw within the last lease bounds how late it can really be.
 */
export class DatabaseTime {
  #seen: { readonly database: number; readonly monotonic: number }[] = []

  /** `monotonic` is taken after the answer came: then the bound errs to the safe side. */
  see(database: number, monotonic: number): void {
    this.#seen = this.#seen.filter((past) => monotonic - past.monotonic <= LEASE_MS)
    const last = this.#seen.at(-1)
    if (!last || monotonic - last.monotonic >= SAMPLE_MS) this.#seen.push({ database, monotonic })
  }

  /** For judging whether leases have run out, and for nothing else: it may lie behind the database's clock. */
  bounded(database: number, monotonic: number): number {
    const limits = this.#seen
      .filter((past) => monotonic - past.monotonic <= LEASE_MS)
      .map((past) => past.database + (monotonic - past.monotonic) * DRIFT)
    this.see(database, monotonic)
    return Math.floor(Math.min(database, ...limits))
  }
}
