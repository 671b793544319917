import type { Clock } from '../src/platform/lib/clock.ts'

export interface ShiftedClock extends Clock {
  /** Milliseconds by which the wall clock was moved. */
  readonly ahead: number
  /** Moves wall and monotonic time forward. */
  advance(ms: number): void
  /** Moves the wall clock only. */
  jump(ms: number): void
  /** Calls the listener after each `advance`. */
  onAdvance(listener: () => void): void
}

/** Real time that can be moved on: what happens by itself goes on happening, and nobody has to sleep. */
export function shiftedClock(): ShiftedClock {
  let wall = 0
  let elapsed = 0
  const listeners: (() => void)[] = []
  return {
    get ahead() {
      return wall
    },
    now: () => Date.now() + wall,
    monotonic: () => performance.now() + elapsed,
    advance(ms) {
      wall += ms
      elapsed += ms
      for (const listener of listeners) listener()
    },
    jump(ms) {
      wall += ms
    },
    onAdvance(listener) {
      listeners.push(listener)
    },
  }
}
