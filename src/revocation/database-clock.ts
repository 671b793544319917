import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Storage } from '../storage/index.ts'
import { type Moment, momentOf } from './lease.ts'
import { recordedTime } from './replica-store.ts'

/**
 * Maximum difference between a server's clock and the database's, and between the database's and
 * its own earlier time (contract 12.11).
 */
export const MAX_CLOCK_DIFFERENCE_MS = 5_000

/** Database time, and what this process's clocks said before it was asked for and after it was answered. */
export interface ClockReading {
  readonly asked: Moment
  readonly database: number
  readonly answered: Moment
}

/**
 * Clock of everything that is stored, swept, counted or closed: database time (contract 12.11).
 * Between two readings it goes on by the monotonic clock, so setting the clock of this machine
 * changes nothing, and it lies behind the database by the time that an answer takes, never ahead.
 */
export class DatabaseClock implements Clock {
  readonly #system: Clock
  readonly #atHand: (() => number) | undefined
  #read: { readonly database: number; readonly monotonic: number } | undefined
  /**
   * Newest time that was read or recorded. INVARIANT: time never goes below it. What was used then
   * would be good again.
   */
  #newest = Number.NEGATIVE_INFINITY
  #problem: Problem | undefined

  constructor(system: Clock, storage: Pick<Storage, 'nowAtHand'>) {
    this.#system = system
    this.#atHand = storage.nowAtHand
  }

  /**
   * Makes the clock of a server that starts: compares it with the database, and with the time that
   * others wrote down before.
   * @throws Problem `server.clock_off`, `storage.unavailable`
   */
  static async over(system: Clock, storage: Storage): Promise<DatabaseClock> {
    const clock = new DatabaseClock(system, storage)
    const recorded = await recordedTime(storage.read)
    if (recorded !== undefined) clock.#newest = recorded
    const asked = clock.moment()
    const database = await storage.now()
    clock.see({ asked, database, answered: clock.moment() })
    return clock
  }

  now(): number {
    const now = this.#atHand?.() ?? this.#sinceRead()
    if (now === undefined) return this.#system.now()
    this.#newest = Math.max(this.#newest, now)
    return this.#newest
  }

  monotonic(): number {
    return this.#system.monotonic()
  }

  /** Problem that says why this server's time may not be trusted; absent while it may. */
  get problem(): Problem | undefined {
    return this.#problem
  }

  moment(): Moment {
    return momentOf(this.#system)
  }

  /** Takes a reading. @throws Problem `server.clock_off`: from now on until a reading that fits */
  see(reading: ClockReading): void {
    const { database, answered } = reading
    this.#problem = this.#problemOf(reading)
    if (this.#problem) throw this.#problem
    this.#read = { database, monotonic: answered.monotonic }
    this.#newest = Math.max(this.#newest, database)
  }

  #sinceRead(): number | undefined {
    if (!this.#read) return undefined
    return Math.floor(this.#read.database + this.#system.monotonic() - this.#read.monotonic)
  }

  /**
   * Problem of a reading. The database was read somewhere between question and answer: only what
   * lies outside of both is a difference.
   */
  #problemOf({ asked, database, answered }: ClockReading): Problem | undefined {
    const behind = database - answered.wall
    const ahead = asked.wall - database
    if (behind > MAX_CLOCK_DIFFERENCE_MS) return clockOff(behind, 'behind the database’s')
    if (ahead > MAX_CLOCK_DIFFERENCE_MS) return clockOff(ahead, 'ahead of the database’s')
    const back = this.#newest - database
    if (back > MAX_CLOCK_DIFFERENCE_MS) return clockOff(back, 'behind what was recorded before')
    return undefined
  }
}

function clockOff(ms: number, where: string): Problem {
  return new Problem('server.clock_off', `the clock is ${Math.round(ms / 1000)} s ${where}`)
}
