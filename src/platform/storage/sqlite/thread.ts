import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Request, WriterLine, WriterReply } from './messages.ts'

/** Threads whose database was closed. They do not keep the process alive. */
const idle: Worker[] = []

/**
 * Gives a thread that has a database file open: one that closed another before, since a thread takes longer to start than
 * a database to open. Whether it could open the file shows at the first request.
 */
export function startWriter(file: string): Worker {
  const thread = idle.pop() ?? newThread()
  thread.ref()
  thread.postMessage({ kind: 'open', file } satisfies Request)
  return thread
}

/** The line to a thread of this process. */
export function lineToThread(thread: Worker): WriterLine {
  const listening: (() => void)[] = []
  return {
    post: (request) => thread.postMessage(request),
    listen({ ended, replies }) {
      const onReplies = (message: readonly WriterReply[]) => replies(message)
      thread.on('message', onReplies)
      thread.on('error', ended)
      thread.on('exit', ended)
      listening.push(() => {
        thread.off('message', onReplies)
        thread.off('error', ended)
        thread.off('exit', ended)
      })
    },
    release() {
      for (const stop of listening.splice(0)) stop()
      keepForNext(thread)
    },
  }
}

function newThread(): Worker {
  // `.ts` from source, `.js` as published.
  const entry = new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url)
  // Options of this process (`--eval`, `--inspect`) are not the thread's.
  const thread = new Worker(entry, { name: 'storage-writer', execArgv: [] })
  // The writer that uses it hears of its errors, too; an unused one can end without harm.
  thread.on('error', () => {})
  thread.on('exit', () => {
    const index = idle.indexOf(thread)
    if (index >= 0) idle.splice(index, 1)
  })
  return thread
}

function keepForNext(thread: Worker): void {
  thread.unref()
  idle.push(thread)
}
