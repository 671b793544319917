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

/** Maximum that the clock of an embedded database may jump ahead while this machine did not sleep (contract 13.4). */
export const MAX_JUMP_MS = 60_000

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
  #read:
    | { readonly database: number; readonly monotonic: number; readonly sinceBoot?: number }
    | undefined
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
    const atHand = this.#atHand?.()
    const now =
      atHand !== undefined && this.#jumpOf(atHand) <= 0 ? atHand : (this.#sinceRead() ?? atHand)
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
    const sinceBoot = this.#system.sinceBoot?.()
    const { monotonic } = answered
    this.#read = { database, monotonic, ...(sinceBoot === undefined ? {} : { sinceBoot }) }
    this.#newest = Math.max(this.#newest, database)
  }

  /**
   * Refuses to go by a clock that jumped ahead since the last reading, before anything is written by it.
   * @throws Problem `server.clock_off`
   */
  refuseJump(): void {
    const atHand = this.#atHand?.()
    const jump = atHand === undefined ? 0 : this.#jumpOf(atHand)
    if (jump <= 0) return
    this.#problem = jumped(jump)
    throw this.#problem
  }

  #sinceRead(): number | undefined {
    if (!this.#read) return undefined
    return Math.floor(this.#read.database + this.#passed(this.#read))
  }

  /** Time that has passed since a reading, by the clock of this machine that counts its sleep, where there is one. */
  #passed({ monotonic, sinceBoot }: { readonly monotonic: number; readonly sinceBoot?: number }) {
    const boot = this.#atHand && sinceBoot !== undefined && this.#system.sinceBoot?.()
    return Math.max(
      this.#system.monotonic() - monotonic,
      boot === undefined || boot === false ? 0 : boot - (sinceBoot ?? boot),
    )
  }

  /**
   * Finds by how much the clock of this machine was set ahead since the last reading; 0 for less than a minute, or where a
   * sleep explains it. INVARIANT: what such a clock says closes, sweeps and expires nothing.
   */
  #jumpOf(now: number): number {
    const read = this.#read
    if (read?.sinceBoot === undefined) return 0
    if (now - read.database - (this.#system.monotonic() - read.monotonic) <= MAX_JUMP_MS) return 0
    const jump = now - read.database - this.#passed(read)
    return jump > MAX_JUMP_MS ? jump : 0
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
    const jump = this.#atHand ? this.#jumpOf(database) : 0
    if (jump > 0) return jumped(jump)
    const back = this.#newest - database
    if (back > MAX_CLOCK_DIFFERENCE_MS) return clockOff(back, 'behind what was recorded before')
    return undefined
  }
}

function jumped(ms: number): Problem {
  const detail = `the clock jumped ${Math.round(ms / 1000)} s ahead while this machine did not sleep; if it is right now, restart the server`
  return new Problem('server.clock_off', detail)
}

function clockOff(ms: number, where: string): Problem {
  return new Problem('server.clock_off', `the clock is ${Math.round(ms / 1000)} s ${where}`)
}
