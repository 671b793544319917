import type { Wait } from './repeat.ts'

/** A resource that has to be closed, with its name for the log. */
export interface Closable {
  readonly name: string
  close(): Promise<unknown>
}

/**
 * Closes everything, one after another. A close that fails, or takes longer than `limitMs`, is
 * reported and left behind, so that everything after it is closed. Never throws. Returns whether
 * all went well.
 */
export async function closeAll(
  closings: readonly Closable[],
  options: {
    readonly limitMs: number
    readonly wait: Wait
    readonly onError: (error: unknown, name: string) => void
  },
): Promise<boolean> {
  let clean = true
  for (const { close, name } of closings) {
    const done = new AbortController()
    const overdue = options.wait(options.limitMs, done.signal).then(() => {
      if (!done.signal.aborted) throw new Error(`${name} did not end within ${options.limitMs} ms`)
    })
    const closed = Promise.resolve().then(close)
    closed.catch(() => {}) // It may fail later, when no caller waits for it any more.
    try {
      await Promise.race([closed, overdue])
    } catch (error) {
      clean = false
      options.onError(error, name)
    } finally {
      done.abort()
      await overdue.catch(() => {})
    }
  }
  return clean
}
