import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { nextMessage } from '../../../platform/lib/worker-task.ts'
import type { Reader } from '../../../platform/storage/index.ts'
import { AnalysisProblem } from '../problems.ts'
import { type DecisionSelection, recordedPages } from './recorded-pages.ts'
import type { ReplaySets } from './replay-thread.ts'
import type { ReplayReport } from './replayer.ts'

export interface Replay extends DecisionSelection {
  readonly sets: ReplaySets
  /** Reports after each page: decisions looked at, and the time that they have come to. */
  readonly progress: (done: { readonly looked: number; readonly at: number }) => void
  readonly signal: AbortSignal
}

/** State of the whole process: a replay takes a core for itself, so only one runs at a time. */
let running = false

/** Time for one page: beyond that the thread has run away. */
const PAGE_MS = 60_000

/**
 * Decides recorded calls again, by the live policies and by a draft. Reads in pages; the deciding is done in a thread of its own, one
 * page ahead of the reading, so that neither calls nor memory feel it.
 * @throws Problem `policy.replay_running`: one at a time; what `signal` was aborted with
 */
export async function replay(db: Reader, given: Replay): Promise<ReplayReport> {
  if (running)
    throw new AnalysisProblem('policy.replay_running', 'this replica already runs a replay')
  running = true
  const thread = new ReplayThread(given.sets)
  try {
    let looked = 0
    let before = thread.answer()
    for await (const { forget, rows, settings } of recordedPages(db, given)) {
      await before
      given.signal.throwIfAborted()
      before = thread.answer({ forget, rows, settings })
      looked += rows.length
      given.progress({ looked, at: rows.at(-1)?.at ?? given.until })
    }
    await before
    const { report } = await thread.answer('end')
    if (!report) throw new Error('a replay ended without a report')
    return report
  } finally {
    running = false
    await thread.end()
  }
}

interface Answer {
  readonly report?: ReplayReport
}

class ReplayThread {
  readonly #worker: Worker

  constructor(sets: ReplaySets) {
    const file = new URL(`./replay-thread${extname(import.meta.url)}`, import.meta.url)
    this.#worker = new Worker(file, { workerData: sets })
    // Reported by the code that waits for the next answer; at this moment none may be waiting.
    this.#worker.on('error', () => {})
  }

  /** The next answer of the thread, after `message` where there is one. */
  answer(message?: unknown): Promise<Answer> {
    const answer = nextMessage<Answer>(this.#worker, { name: 'a replay', maxMs: PAGE_MS })
    answer.catch(() => {})
    if (message !== undefined) this.#worker.postMessage(message)
    return answer
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}
