import { extname } from 'node:path'
import { parentPort, Worker } from 'node:worker_threads'
import { Problem, type ProblemCode } from './problem.ts'

/** Function whose work, which could take long or crash, is done in another thread. */
export type Aside<In, Out> = (input: In) => Promise<Out>

type Message =
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

/**
 * Makes a function that runs `<name>` beside `base` (`import.meta.url`; the extension is that of
 * the running code) in a thread: one that is waiting, or a new one. That file calls `answerAside`.
 * Input and output are plain data. The function rejects with the `Problem` thrown there, or with an
 * `Error` when the thread failed or took too long.
 *
 * Starting a thread costs more than most work does (modules are loaded and compiled), so one is
 * kept waiting for each file. A thread is used again only after a normal result or a `Problem`:
 * after anything else nobody knows what state its memory is in.
 */
export function aside<In, Out>(base: string, name: string, milliseconds: number): Aside<In, Out> {
  const file = new URL(`./${name}${extname(base)}`, base)
  const waiting = keptThread()
  return async (input) => {
    const thread = waiting.take() ?? startThread(file)
    try {
      const message = await ask(thread, input, name, milliseconds)
      if (!message.ok && message.code === undefined) throw errorOf(message)
      waiting.keep(thread)
      if (!message.ok) throw errorOf(message)
      return message.output as Out // as: written by `answerAside` in `name`, our own file
    } finally {
      if (!waiting.has(thread)) void thread.worker.terminate()
    }
  }
}

function startThread(file: URL): Thread {
  return { worker: new Worker(file, { resourceLimits: { stackSizeMb: STACK_MB } }), uses: 0 }
}

/** The thread's answer, whatever it is; rejects when there is none. */
function ask(thread: Thread, input: unknown, name: string, milliseconds: number) {
  const { worker } = thread
  thread.uses++
  return new Promise<Message>((resolve, reject) => {
    worker.postMessage(input)
    const leave = () => {
      clearTimeout(timer)
      worker.off('message', answered).off('error', failed).off('exit', ended)
    }
    const answered = (message: Message) => {
      leave()
      resolve(message)
    }
    const failed = (error: unknown) => {
      leave()
      reject(error)
    }
    const ended = () => failed(new Error(`${name} ended without an answer`))
    const timer = setTimeout(() => failed(new Error(`${name} took too long`)), milliseconds)
    worker.on('message', answered).on('error', failed).on('exit', ended)
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

/** Does the work of the thread that this file was started as, once for each message. */
export function answerAside<In, Out>(work: (input: In) => Out): void {
  const send = (message: Message) => parentPort?.postMessage(message)
  parentPort?.on('message', (input: In) => {
    try {
      send({ ok: true, output: work(input) })
    } catch (error) {
      if (error instanceof Problem) {
        send({ ok: false, code: error.code, detail: error.detail, members: { ...error.members } })
      } else send({ ok: false, code: undefined, error })
    }
  })
}

function errorOf(message: Extract<Message, { ok: false }>): Error {
  if (message.code !== undefined) {
    return new Problem(message.code, message.detail, { members: message.members })
  }
  return message.error instanceof Error ? message.error : new Error(String(message.error))
}
