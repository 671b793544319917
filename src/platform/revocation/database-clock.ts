import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import { DAY, HOUR, MINUTE } from '../lib/time-units.ts'
import type { Storage } from '../storage/index.ts'
import { type Moment, momentOf } from './lease.ts'
import { recordedTime } from './replica-store.ts'

/**
 * Maximum difference between a server's clock and the database's, and between the database's and
 * its own earlier time (contract 12.11).
 */
const MAX_CLOCK_DIFFERENCE_MS = 5_000

/** Maximum that the clock of an embedded database may jump ahead while this machine did not sleep (contract 13.4). */
export const MAX_JUMP_MS = MINUTE

/** Maximum age of the newest record at a start that nothing has to explain; of an older one the clock of another machine is asked. */
const MAX_UNASKED_MS = DAY
/**
 * Maximum age of the newest record at a start where the clock of no other machine can be read; from then on an operator confirms that
 * the clock is right (contract 13.4). Longer than holidays: an ordinary start is not refused.
 */
const MAX_AWAY_MS = 30 * DAY
/** Maximum that the clock may be ahead of another machine's at a start after a stop. Its answer may come from a cache. */
const MAX_AHEAD_MS = HOUR
const ASK_AGAIN_MS = MINUTE

/** Clock of another machine: answers by how much the clock of this one is ahead of it, in ms; undefined where it cannot be read. */
type OtherClock = () => Promise<number | undefined>

/** Beginning of this machine's run, by its clock at an earlier moment: the clock and the time since then say whether it was set. */
export interface EarlierReading {
  readonly wall: number
  readonly sinceBoot: number
}

/** Expectations of a server that starts. */
export interface StartOptions {
  /** True: the newest record may be of any age. */
  readonly anyAge?: boolean | undefined
  /** Reading of the process that started this one, of the same clock. */
  readonly earlier?: EarlierReading | undefined
  readonly other?: OtherClock | undefined
}

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
  readonly #other: OtherClock | undefined
  #read:
    | { readonly database: number; readonly monotonic: number; readonly sinceBoot?: number }
    | undefined
  /** Monotonic time at which the other clock was asked last. */
  #asked = Number.NEGATIVE_INFINITY
  /** Resolves to true where it agreed. */
  #asking: Promise<boolean> | undefined
  /**
   * Newest time that was read or recorded. INVARIANT: time never goes below it. Otherwise a used
   * proof would be good again.
   */
  #newest = Number.NEGATIVE_INFINITY
  #problem: Problem | undefined

  constructor(system: Clock, storage: Pick<Storage, 'nowAtHand'>, other?: OtherClock) {
    this.#system = system
    this.#atHand = storage.nowAtHand
    this.#other = other
  }

  /**
   * Makes the clock of a server that starts: compares it with the database, and with the time that
   * others wrote down before.
   * @throws Problem `server.clock_off`, `server.clock_unconfirmed`, `storage.unavailable`
   */
  static async over(
    system: Clock,
    storage: Storage,
    { anyAge = true, earlier, other }: StartOptions = {},
  ): Promise<DatabaseClock> {
    const clock = new DatabaseClock(system, storage, other)
    if (earlier) clock.#read = { ...earlier, database: earlier.wall, monotonic: system.monotonic() }
    const recorded = await recordedTime(storage.read)
    if (recorded !== undefined) clock.#newest = recorded
    const readDatabaseClock = async () => {
      const asked = clock.moment()
      const database = await storage.now()
      clock.see({ asked, database, answered: clock.moment() })
      return database
    }
    const database = await readDatabaseClock().catch(async (error) => {
      if (!(await clock.#asking)) throw error
      return readDatabaseClock()
    })
    if (!anyAge) await requireRight(database - (recorded ?? database), other)
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
    this.#begin(database, answered.monotonic)
    this.#newest = Math.max(this.#newest, database)
  }

  /** Notes a time that is believed. */
  #begin(database: number, monotonic: number): void {
    const sinceBoot = this.#system.sinceBoot?.()
    this.#read = { database, monotonic, ...(sinceBoot === undefined ? {} : { sinceBoot }) }
  }

  /**
   * Refuses to go by a clock that jumped ahead since the last reading, before anything is written by it.
   * @throws Problem `server.clock_off`
   */
  refuseJump(): void {
    const atHand = this.#atHand?.()
    const jump = atHand === undefined ? 0 : this.#jumpOf(atHand)
    if (jump <= 0) return
    this.#problem = this.#jumped(jump)
    throw this.#problem
  }

  /** Makes the problem of a jump, and asks the clock of another machine about it. */
  #jumped(ms: number): Problem {
    if (this.#system.monotonic() - this.#asked >= ASK_AGAIN_MS) {
      this.#asked = this.#system.monotonic()
      this.#asking = this.#askOther()
    }
    return jumped(ms)
  }

  /**
   * Asks the clock of another machine. A virtual machine that was paused counts no time, and its clock is set right afterwards: where the
   * other clock agrees, the next reading goes on from there.
   */
  async #askOther(): Promise<boolean> {
    const ahead = await this.#other?.()
    if (ahead === undefined || Math.abs(ahead) > MAX_JUMP_MS) return false
    this.#begin(this.#system.now(), this.#system.monotonic())
    return true
  }

  #sinceRead(): number | undefined {
    if (!this.#read) return undefined
    // Where the database has a clock of its own, a sleep is made up for by the next reading.
    const passed = this.#atHand
      ? this.#passed(this.#read)
      : this.#system.monotonic() - this.#read.monotonic
    return Math.floor(this.#read.database + passed)
  }

  /** Time that has passed since a reading, by the clock of this machine that counts its sleep, where there is one. */
  #passed({ monotonic, sinceBoot }: { readonly monotonic: number; readonly sinceBoot?: number }) {
    const boot = sinceBoot === undefined ? undefined : this.#system.sinceBoot?.()
    return Math.max(
      this.#system.monotonic() - monotonic,
      boot === undefined ? 0 : boot - (sinceBoot ?? boot),
    )
  }

  /**
   * Finds by how much the clock that the database goes by was set ahead since the last reading; 0 for less than a minute, or where a
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
    // A database on this machine, or one that changed its machine, may have gone along with a wrong clock.
    const jump = this.#jumpOf(database)
    if (jump > 0) return this.#jumped(jump)
    const back = this.#newest - database
    if (back > MAX_CLOCK_DIFFERENCE_MS) return clockOff(back, 'behind what was recorded before')
    return undefined
  }
}

function jumped(ms: number): Problem {
  const detail = `the clock jumped ${Math.round(ms / 1000)} s ahead while this machine did not sleep; if it is right now, restart the server`
  return new Problem('server.clock_off', detail)
}

/** @throws Problem `server.clock_unconfirmed`: at a start after a long stop, something says that the clock is wrong */
async function requireRight(away: number, other: OtherClock | undefined): Promise<void> {
  if (away <= MAX_UNASKED_MS) return
  const doubt = doubtAfter(away, await other?.())
  if (!doubt) return
  const detail = `${doubt}; if the clock is right, run: remit clock confirm`
  throw new Problem('server.clock_unconfirmed', detail)
}

/**
 * Says why the clock has to be confirmed at a start: another machine's clock says that it is ahead, or none can be read and the stop was
 * very long. `away`: age of the newest record, in ms. `ahead`: as `OtherClock` answers.
 */
export function doubtAfter(away: number, ahead: number | undefined): string | undefined {
  if (away <= MAX_UNASKED_MS) return undefined
  if (ahead === undefined)
    return away > MAX_AWAY_MS
      ? `the newest record is ${days(away)} old, or the clock is ahead by that`
      : undefined
  return ahead > MAX_AHEAD_MS
    ? `the newest record is ${days(away)} old, and the clock is ${days(ahead)} ahead of the identity provider's`
    : undefined
}

/** Days, or hours where it is less than two days. */
function days(ms: number): string {
  const found = Math.floor(ms / DAY)
  return found > 1 ? `${found} days` : `${Math.floor(ms / HOUR)} h`
}

function clockOff(ms: number, where: string): Problem {
  return new Problem('server.clock_off', `the clock is ${Math.round(ms / 1000)} s ${where}`)
}
