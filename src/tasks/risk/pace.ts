import { MINUTE } from '../../platform/lib/time-units.ts'

const SECONDS = 60

/** Calls in each of the last 60 seconds. */
class Window {
  readonly #counts = new Uint32Array(SECONDS)
  /** The newest second that is in it. */
  #newest = 0

  add(second: number): void {
    this.#forward(second)
    if (second <= this.#newest - SECONDS) return
    const place = second % SECONDS
    this.#counts[place] = (this.#counts[place] ?? 0) + 1
  }

  sum(second: number): number {
    this.#forward(second)
    let sum = 0
    for (const count of this.#counts) sum += count
    return sum
  }

  /** A clock that was set back changes nothing: counts are forgotten when that time has passed again. */
  #forward(second: number): void {
    if (second <= this.#newest) return
    const from = Math.max(this.#newest + 1, second - SECONDS + 1)
    for (let each = from; each <= second; each++) this.#counts[each % SECONDS] = 0
    this.#newest = second
  }
}

const MAX_WINDOWS = 20_000

/** Pace of calls, by key. In memory: what this process permitted in the last minute. */
export class Pace {
  readonly #windows = new Map<string, Window>()

  count(key: string, at: number): number {
    return this.#windows.get(key)?.sum(Math.floor(at / 1000)) ?? 0
  }

  add(key: string, at: number): void {
    const window = this.#windows.get(key) ?? new Window()
    // The one that was not used for longest goes first.
    this.#windows.delete(key)
    this.#windows.set(key, window)
    window.add(Math.floor(at / 1000))
    if (this.#windows.size > MAX_WINDOWS) {
      for (const oldest of this.#windows.keys()) {
        this.#windows.delete(oldest)
        break
      }
    }
  }
}

const QUARTER_MS = 15 * MINUTE

/** The hour of day in a time zone (IANA). No zone is offset by less than a quarter of an hour, so within one the hour stays. */
export function hoursIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' })
  let known: { readonly quarter: number; readonly hour: number } | undefined
  return (at) => {
    const quarter = Math.floor(at / QUARTER_MS)
    if (known?.quarter !== quarter) known = { quarter, hour: Number(format.format(at)) }
    return known.hour
  }
}
