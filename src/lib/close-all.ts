import type { Wait } from './repeat.ts'

/** Something that has to be let go of, with its name for the log. */
export interface Closable {
  readonly name: string
  close(): Promise<unknown>
}

/**
 * Lets go of everything, one after another. What fails, or takes longer than `limitMs`, is reported and left behind, so that it keeps
 * nothing after it from being let go of. Never throws. Answers whether all went well.
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
    closed.catch(() => {}) // It may fail later, when nobody waits for it any more.
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
