import { uptime } from 'node:os'

/** Source of time. Business code never calls `Date.now()` itself. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number
  /** Monotonic milliseconds; only differences mean anything. Leases and timeouts use this. */
  monotonic(): number
  /**
   * Milliseconds since this machine started, those included in which it slept; only differences mean
   * anything. Absent where nothing can tell a sleep from a clock that was set.
   */
  readonly sinceBoot?: () => number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1_000,
}

export interface ManualClock extends Clock {
  advance(ms: number): void
  /** Moves the wall clock only, as NTP or an administrator would. */
  jump(ms: number): void
}

/** A clock for tests: stands still until it is told to move. */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let wall = start
  let elapsed = 0
  return {
    now: () => wall,
    monotonic: () => elapsed,
    advance(ms) {
      wall += ms
      elapsed += ms
    },
    jump(ms) {
      wall += ms
    },
  }
}
