const NOTHING = new Int32Array(new SharedArrayBuffer(4))

/** Turns of this thread's event loop, in milliseconds of its processor time: what else the machine does is not in them. */
export interface WatchedTurns {
  /** Ends the watch, and tells the longest turn and the sum of all. */
  end(): { readonly longest: number; readonly all: number }
}

/** Watches each turn from now on. The watch itself takes some hundredths of a millisecond of each. */
export function watchTurns(): WatchedTurns {
  let longest = 0
  const began = processorTime()
  let before = began
  const turn = () => {
    const now = processorTime()
    longest = Math.max(longest, now - before)
    before = now
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  return {
    end() {
      clearImmediate(next)
      return { longest, all: processorTime() - began }
    },
  }
}

/** Milliseconds that this thread has worked. The kernel counts to the end only where a thread lets go of its core: otherwise it is up to 4 ms behind. */
function processorTime(): number {
  Atomics.wait(NOTHING, 0, 0, 0.01)
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}
