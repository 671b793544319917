import { setImmediate } from 'node:timers/promises'
import { type Clock, type ManualClock, manualClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import type { Wait } from '../lib/repeat.ts'
import type { Storage, Tx } from '../storage/index.ts'
import { timedBy } from '../storage/testing.ts'
import { type Moment, momentOf } from './lease.ts'
import { Live, type LiveOptions } from './live.ts'

/**
 * Point at which a test may hold an operation: before it reaches the store, between the last
 * statement of a transaction and its commit, or when the store has answered. SQLite has one writer,
 * so no other connection writes while one is held `inside`.
 */
export type Point = 'time' | 'transaction' | 'inside' | 'committed' | 'read'

/** Clock that moves when the test says so, for every replica and for the database. */
export class ManualTime {
  readonly clock: ManualClock = manualClock()
  /** Clock of the database: the same time, plus what it was set ahead. */
  readonly database: Pick<Clock, 'now'> = { now: () => this.clock.now() + this.#ahead }
  readonly #waiting = new Set<() => void>()
  #asked = 0
  #ahead = 0

  readonly wait: Wait = (ms, signal) =>
    new Promise((resolve) => {
      const until = this.clock.monotonic() + ms
      const check = () => {
        if (!signal.aborted && this.clock.monotonic() < until) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      signal.addEventListener('abort', check, { once: true })
      check()
    })

  advance(ms: number): void {
    this.clock.advance(ms)
    for (const check of [...this.#waiting]) check()
  }

  /** Sets the clock of the database, and no other. */
  setDatabaseAhead(ms: number): void {
    this.#ahead = ms
  }

  /** Lets time pass in small steps; in between, due work runs and the store answers. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; ) {
      const step = Math.min(20, ms - passed)
      passed += step
      this.advance(step)
      await this.rest()
    }
  }

  /** Waits until the store has answered everything that it was asked. */
  async rest(): Promise<void> {
    for (let quiet = 0; quiet < 5; quiet++) {
      await setImmediate()
      if (this.#asked > 0) quiet = 0
    }
  }

  /** Wraps the store for a replica, with database time by this clock. */
  over(storage: Storage, hold: (point: Point) => Promise<void> = async () => {}): Storage {
    const transaction: Storage['transaction'] = async (work) => {
      await hold('transaction')
      this.#asked++
      const held = async (tx: Tx) => {
        const result = await work(tx)
        this.#asked--
        await hold('inside').finally(() => this.#asked++)
        return result
      }
      const done = storage.transaction(held).finally(() => {
        this.#asked--
      })
      const result = await done
      await hold('committed')
      return result
    }
    const read = storage.read.withPlugin({
      transformQuery: ({ node }) => {
        this.#asked++
        return node
      },
      transformResult: async ({ result }) => {
        this.#asked--
        await hold('read')
        return result
      },
    })
    const now = async () => {
      const read = this.database.now()
      await hold('time')
      return read
    }
    return {
      ...timedBy(storage, this.database),
      ...{ read, transaction, now },
      lanes: {
        // Statements that are only compiled there, and run elsewhere, are not counted.
        renewal: { read: storage.read, transaction, now },
        revocation: { read, transaction, now },
      },
    }
  }
}

/** A replica, and what its operations came to. */
export interface ReplicaProbe {
  readonly live: Live
  /** Points that its operations came to, since a test last emptied the list. */
  readonly points: Point[]
  /** Signals of everything that it waited for. */
  readonly waits: AbortSignal[]
  /** Work of the test at each point, while the operation is held there. */
  meet(work: (point: Point) => Promise<void> | void): void
}

/** Starts a replica that has taken its lease, and that a test may hold at each point. */
export async function watched(
  time: ManualTime,
  storage: Storage,
  options: Partial<LiveOptions> = {},
): Promise<ReplicaProbe> {
  const points: Point[] = []
  const waits: AbortSignal[] = []
  let work: (point: Point) => Promise<void> | void = () => {}
  const over = time.over(storage, async (point) => {
    points.push(point)
    await work(point)
  })
  const wait: Wait = (ms, signal) => {
    waits.push(signal)
    return time.wait(ms, signal)
  }
  const live = new Live({
    storage: over,
    clock: time.clock,
    wait,
    random: systemRandom,
    ...options,
  })
  await live.renew()
  points.length = 0
  return {
    ...{ live, points, waits },
    meet(next) {
      work = next
    },
  }
}

/** A machine that can be put to sleep: its clocks stand still meanwhile, and do not catch up. */
export class SleepyClock implements Clock {
  readonly #real: Clock
  /**
   * True when the wall clock is right on waking, as that of a laptop is; that of a paused guest is
   * not.
   */
  #wallIsRight: boolean
  #asleepSince: Moment | undefined
  #slept = 0

  constructor(real: Clock, wallIsRight: boolean) {
    this.#real = real
    this.#wallIsRight = wallIsRight
  }

  sleep(): void {
    this.#asleepSince = momentOf(this.#real)
  }

  wake(): void {
    this.#slept = this.#real.monotonic() - this.monotonic()
    this.#asleepSince = undefined
  }

  /** Sets the wall clock right, as NTP would. */
  setRight(): void {
    this.#wallIsRight = true
  }

  now(): number {
    const missing = this.#wallIsRight ? 0 : this.#slept
    return (this.#asleepSince?.wall ?? this.#real.now()) - missing
  }

  monotonic(): number {
    return (this.#asleepSince?.monotonic ?? this.#real.monotonic()) - this.#slept
  }
}
