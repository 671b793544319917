// The thread of `workerTask`: calls one function of a module, once for each message.
import { parentPort, workerData } from 'node:worker_threads'
import { Problem } from './problem.ts'
import type { WorkerMessage } from './worker-task.ts'

const { module, name }: { readonly module: string; readonly name: string } = workerData
const { [name]: work } = await import(module)
const postMessage = (message: WorkerMessage) => parentPort?.postMessage(message)

parentPort?.on('message', async (args: readonly unknown[]) => {
  try {
    postMessage({ ok: true, output: await work(...args) })
  } catch (error) {
    if (error instanceof Problem) {
      postMessage({
        ok: false,
        code: error.code,
        detail: error.detail,
        members: { ...error.members },
      })
    } else postMessage({ ok: false, code: undefined, error })
  }
})
