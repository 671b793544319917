import type { Clock } from '../lib/clock.ts'

/**
 * Length of a lease, L: a replica that was cut off stops permitting within this, and a revocation
 * returns no later (design.md, promise 2).
 */
export const LEASE_MS = 5_000

/**
 * Length of the lease by local clocks: shorter, so that clocks that run a little differently cannot
 * matter.
 */
const LOCAL_LEASE_MS = 4_500

/** Maximum speed of the database's clock, as a multiple of ours, before we stop believing it. */
const DRIFT = 1.01
const SAMPLE_MS = 100

/** A moment, by both clocks of this process. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}

/**
 * This server's own right to use what it has read. It also runs out while nothing else works.
 * INVARIANT: whichever clock says that it is over is believed. The monotonic one does not count the
 * time that a machine slept; the wall clock can be set.
 */
export class Lease {
  readonly #clock: Clock
  #until: Moment = OVER
  #renewedAt = Number.NEGATIVE_INFINITY
  /** Time since when it is in force without a break. */
  #since = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  inForce(): boolean {
    const { wall, monotonic } = this.#until
    return this.#clock.monotonic() < monotonic && this.#clock.now() < wall
  }

  /** Renews the lease. `asked`: the moment before the renewal asked the database for anything. */
  renew({ monotonic, wall }: Moment): void {
    if (!this.inForce()) this.#since = monotonic
    this.#renewedAt = monotonic
    this.#until = { monotonic: monotonic + LOCAL_LEASE_MS, wall: wall + LOCAL_LEASE_MS }
  }

  /** Time that it has been in force without a break, in milliseconds; 0 where it is not. */
  age(): number {
    return this.inForce() ? this.#clock.monotonic() - this.#since : 0
  }

  /** Time since the last renewal, in milliseconds, whether it is in force or not. */
  sinceRenewal(): number {
    return this.#clock.monotonic() - this.#renewedAt
  }

  /** Time from an earlier moment until it is over, in milliseconds, by the clock that says less; 0 where it is not in force. */
  remainsAfter({ monotonic, wall }: Moment): number {
    if (!this.inForce()) return 0
    return Math.min(this.#until.monotonic - monotonic, this.#until.wall - wall)
  }

  end(): void {
    this.#until = OVER
  }
}

const OVER: Moment = { wall: Number.NEGATIVE_INFINITY, monotonic: Number.NEGATIVE_INFINITY }

/**
 * Database time that cannot be made to run ahead. A step forward of the database's clock would make
 * leases that are still in use look as if they had run out; the readings within the last lease
 * bound how late it can really be.
 */
export class DatabaseTime {
  #seen: { readonly database: number; readonly monotonic: number }[] = []

  /**
   * Notes a reading. `monotonic` is taken after the answer came: then the bound errs to the safe
   * side.
   */
  see(database: number, monotonic: number): void {
    this.#seen = this.#seen.filter((past) => monotonic - past.monotonic <= LEASE_MS)
    const last = this.#seen.at(-1)
    if (!last || monotonic - last.monotonic >= SAMPLE_MS) this.#seen.push({ database, monotonic })
  }

  /**
   * Bounds database time to judge whether leases have run out, and for nothing else: it may lie
   * behind the database's clock.
   */
  bounded(database: number, monotonic: number): number {
    const limits = this.#seen
      .filter((past) => monotonic - past.monotonic <= LEASE_MS)
      .map((past) => past.database + (monotonic - past.monotonic) * DRIFT)
    this.see(database, monotonic)
    return Math.floor(Math.min(database, ...limits))
  }
}
