import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Problem, type ProblemCode } from './problem.ts'

/** Answer of `worker-entry.ts`. */
export type WorkerMessage =
  | { readonly ok: true; readonly output: unknown }
  | {
      readonly ok: false
      readonly code: ProblemCode
      readonly detail: string
      readonly members: Record<string, unknown>
    }
  | { readonly ok: false; readonly code: undefined; readonly error: unknown }

/**
 * Native stack of the thread in MB: less than that of the main thread, so that whatever fits here
 * fits there.
 */
const STACK_MB = 0.75
/** Time in ms after which an idle thread ends, so that its memory is given back. */
const IDLE_MS = 30_000
/**
 * Maximum uses of a thread, so that no piece of work is followed by many others in the same memory.
 */
const MAX_USES = 100

interface Thread {
  readonly worker: Worker
  uses: number
}

/** A function of a module, as another thread calls it. Arguments and result are plain data, no promise. */
export type WorkerTask<F extends (...args: never[]) => unknown> = (
  ...args: Parameters<F>
) => Promise<ReturnType<F>>

/** A function that may take this many milliseconds, in a module beside `base` (`import.meta.url`). */
export interface WorkerTarget {
  readonly base: string
  /** Name of the file, without its extension, which is that of the running code. */
  readonly file: string
  /** Name of the exported function. */
  readonly name: string
  readonly maxMs: number
}

/**
 * Makes a function that does its work, which could take long or crash, in a thread: one that is
 * waiting, or a new one. It rejects with the `Problem` thrown there, or with an `Error` when the
 * thread failed or took too long.
 *
 * Starting a thread costs more than most work does (modules are loaded and compiled), so one is
 * kept waiting for each function. A thread is used again only after a normal result or a `Problem`:
 * after anything else the state of its memory is unknown.
 */
export function workerTask<F extends (...args: never[]) => unknown>(
  target: WorkerTarget,
): WorkerTask<F> {
  const waiting = keptThread()
  return async (...args) => {
    const thread = waiting.take() ?? startThread(target)
    try {
      thread.uses++
      thread.worker.postMessage(args)
      const message = await nextMessage<WorkerMessage>(thread.worker, target)
      if (!message.ok && message.code === undefined) throw errorOf(message)
      waiting.keep(thread)
      if (!message.ok) throw errorOf(message)
      return message.output as ReturnType<F> // as: written by that function
    } finally {
      if (!waiting.has(thread)) void thread.worker.terminate()
    }
  }
}

function startThread({ base, file, name }: WorkerTarget): Thread {
  const extension = extname(base)
  const entry = new URL(`./worker-entry${extname(import.meta.url)}`, import.meta.url)
  const workerData = { module: new URL(`./${file}${extension}`, base).href, name }
  const resourceLimits = { stackSizeMb: STACK_MB }
  return { worker: new Worker(entry, { workerData, resourceLimits }), uses: 0 }
}

/** Next message of a thread, whatever it is; rejects when there is none within `maxMs`. */
export function nextMessage<T>(
  worker: Worker,
  { maxMs, name }: Pick<WorkerTarget, 'maxMs' | 'name'>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      worker.off('message', answered).off('error', failTask).off('exit', ended)
    }
    const answered = (message: T) => {
      leave()
      resolve(message)
    }
    const failTask = (error: unknown) => {
      leave()
      reject(error)
    }
    const ended = () => failTask(new Error(`${name} ended without an answer`))
    const timer = setTimeout(() => failTask(new Error(`${name} took too long`)), maxMs)
    worker.on('message', answered).on('error', failTask).on('exit', ended)
  })
}

/** Room for one thread that waits; it keeps no process alive. */
function keptThread() {
  let kept: Thread | undefined
  let timer: NodeJS.Timeout | undefined
  const drop = () => void take()?.worker.terminate()
  const take = (): Thread | undefined => {
    const thread = kept
    clearTimeout(timer)
    kept = undefined
    thread?.worker.off('error', drop).off('exit', drop).ref()
    return thread
  }
  const keep = (thread: Thread) => {
    if (kept || thread.uses >= MAX_USES) return
    kept = thread
    thread.worker.on('error', drop).on('exit', drop).unref()
    timer = setTimeout(drop, IDLE_MS).unref()
  }
  return { take, keep, has: (thread: Thread) => kept === thread }
}

function errorOf(message: Extract<WorkerMessage, { ok: false }>): Error {
  if (message.code !== undefined) {
    return new Problem(message.code, message.detail, { members: message.members })
  }
  return message.error instanceof Error ? message.error : new Error(String(message.error))
}
