import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Name that Node gives to the threads in which V8 collects and compiles. */
const NAME = 'V8Worker'
/** Half of the weight of a call. With 5, memory grows by a fifth, because a collector that is kept waiting ends too late. */
const NICER_BY = 3
const NICEST = 19

/**
 * Lets calls go before what V8 collects and compiles beside them. A call changes threads several times, and on one core it waits at
 * each change for a collector that is as important as itself. Does nothing where there is no `/proc`.
 */
export function lowerV8Threads(): void {
  for (const id of v8Threads()) {
    try {
      // Linux takes the id of a thread for that of a process here (setpriority(2)).
      setPriority(id, Math.min(NICEST, getPriority(id) + NICER_BY))
    } catch {
      // It has ended, or may not be changed: then it stays as it is.
    }
  }
}

/** Lists the ids of those threads; none where there is no `/proc`. */
export function v8Threads(): readonly number[] {
  try {
    return readdirSync('/proc/self/task')
      .filter((id) => readFileSync(`/proc/self/task/${id}/comm`, 'latin1').trim() === NAME)
      .map(Number)
  } catch {
    return []
  }
}
