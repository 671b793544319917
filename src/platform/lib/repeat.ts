import { setTimeout } from 'node:timers/promises'

/**
 * Waits for a number of milliseconds, or until the signal is aborted; never rejects. Passed in, so
 * that tests do not sleep.
 */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>

export const systemWait: Wait = (ms, signal) =>
  setTimeout(ms, undefined, { signal }).catch(() => {})

/** Waits in background work: does not keep the process alive. */
export const idleWait: Wait = (ms, signal) =>
  setTimeout(ms, undefined, { signal, ref: false }).catch(() => {})

export interface Repetition {
  /** Starts the next run without waiting for the period to end. */
  wake(): void
  /** Stops: no run begins after this. Resolves when the one under way has ended. */
  stop(): Promise<void>
}

/**
 * Runs `work` periodically and whenever it is woken, never two at once. A wake during a run leads
 * to another run. The first run comes after a period, or a wake. Errors of `work` go to `onError`,
 * and the next run comes as usual.
 */
export function repeat(
  work: () => Promise<void>,
  options: {
    everyMs: number
    /** Time from a wake to its run, so that further wakes share the run. Part of the period. */
    gatherMs?: number
    onError: (error: unknown) => void
    wait?: Wait
  },
): Repetition {
  const { everyMs, gatherMs = 0, onError, wait = idleWait } = options
  const stopping = new AbortController()
  let woken = false
  let waking = new AbortController()

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!woken) await wait(everyMs - gatherMs, waking.signal)
      if (gatherMs > 0) await wait(gatherMs, stopping.signal)
      if (stopping.signal.aborted) return
      woken = false
      waking = new AbortController()
      await work().catch(onError)
    }
  }

  const running = run()
  return {
    wake() {
      // Busy callers wake many times between two runs, and every abort makes an error with its stack.
      if (woken) return
      woken = true
      waking.abort()
    },
    async stop() {
      stopping.abort()
      waking.abort()
      await running
    },
  }
}
