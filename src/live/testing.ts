import { setImmediate } from 'node:timers/promises'
import { type ManualClock, manualClock } from '../lib/clock.ts'
import type { Wait } from '../lib/repeat.ts'
import type { Storage } from '../storage/index.ts'

/** Where a test may hold an operation: before it reaches the store, or when the store has answered. */
export type Point = 'time' | 'transaction' | 'committed' | 'read'

/** Time that passes when the test says so, for every replica and for the database. */
export class ManualTime {
  readonly clock: ManualClock = manualClock()
  readonly #waiting = new Set<() => void>()
  #asked = 0

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

  /** Lets time pass in small steps; in between, what is due runs and the store answers. */
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

  /** A replica's way to the store. */
  over(storage: Storage, hold: (point: Point) => Promise<void> = async () => {}): Storage {
    const transaction: Storage['transaction'] = async (work) => {
      await hold('transaction')
      this.#asked++
      const done = storage.transaction(work).finally(() => {
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
      const read = this.clock.now()
      await hold('time')
      return read
    }
    return { ...storage, read, transaction, now }
  }
}
