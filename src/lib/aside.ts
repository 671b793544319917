import { extname } from 'node:path'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { Problem, type ProblemCode } from './problem.ts'

/** Work that could take long, or crash, done in a thread of its own that ends with it. */
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

/** Native stack of the thread: less than that of the main thread, so what fits here fits there. */
const STACK_MB = 0.75

/**
 * Makes a function that runs `<name>` beside `base` (`import.meta.url`; the extension is that of the running code) in a new thread
 * for each call. That file calls `answerAside`. Input and output are plain data.
 * The function rejects with the `Problem` thrown there, or with an `Error` when the thread failed or took too long.
 */
export function aside<In, Out>(base: string, name: string, milliseconds: number): Aside<In, Out> {
  const file = new URL(`./${name}${extname(base)}`, base)
  return (input) =>
    new Promise<Out>((resolve, reject) => {
      const thread = new Worker(file, {
        workerData: input,
        resourceLimits: { stackSizeMb: STACK_MB },
      })
      const timer = setTimeout(
        () => end(() => reject(new Error(`${name} took too long`))),
        milliseconds,
      )
      const end = (settle: () => void) => {
        clearTimeout(timer)
        settle()
        void thread.terminate()
      }
      thread.once('message', (message: Message) =>
        end(() => {
          if (message.ok)
            resolve(message.output as Out) // as: written by `answerAside` in `name`, our own file
          else reject(errorOf(message))
        }),
      )
      thread.once('error', (error) => end(() => reject(error)))
      thread.once('exit', () => end(() => reject(new Error(`${name} ended without an answer`))))
    })
}

/** The other side: does the work of the thread that this file was started as. */
export function answerAside<In, Out>(work: (input: In) => Out): void {
  const send = (message: Message) => parentPort?.postMessage(message)
  try {
    send({ ok: true, output: work(workerData as In) }) // as: what `aside` was called with
  } catch (error) {
    if (error instanceof Problem) {
      send({ ok: false, code: error.code, detail: error.detail, members: { ...error.members } })
    } else send({ ok: false, code: undefined, error })
  }
}

function errorOf(message: Extract<Message, { ok: false }>): Error {
  if (message.code !== undefined) {
    return new Problem(message.code, message.detail, { members: message.members })
  }
  return message.error instanceof Error ? message.error : new Error(String(message.error))
}
