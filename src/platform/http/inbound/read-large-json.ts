import { Problem } from '../../lib/problem.ts'
import { workerTask } from '../../lib/worker-task.ts'
import type { LargeBody, ReadBody, splitJson } from './split-json.ts'

const split = workerTask<typeof splitJson>({
  ...{ base: import.meta.url, file: 'split-json', name: 'splitJson', maxMs: 30_000 },
})

/**
 * Reads JSON as `readPlainJson` does, but in a thread, for bodies that take long: this thread
 * answers calls meanwhile, and gets texts instead of objects.
 * @throws Problem as `readPlainJson`
 */
export async function readLargeJson(body: LargeBody): Promise<unknown> {
  try {
    const { rest, texts } = await oneByOne(() => read(body))
    const value: unknown = JSON.parse(rest)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value, ...texts }
      : value
  } catch (error) {
    if (error instanceof Problem) throw error
    // The thread ran out of time, of stack or of memory.
    throw new Problem('input.too_large', 'the body takes too long to read', { cause: error })
  }
}

function read(body: LargeBody): Promise<ReadBody> {
  // A posted view is copied with all the memory that it is a part of.
  return split({ ...body, bytes: new Uint8Array(body.bytes) })
}

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs one piece of work after another: each large body takes several times its bytes while it is
 * read.
 */
function oneByOne<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work)
  last = next.catch(() => {})
  return next
}
