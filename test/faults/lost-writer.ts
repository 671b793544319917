// Loaded before the program (`--import`): on SIGUSR2 the thread that writes to SQLite is gone, as if it had crashed.
import { syncBuiltinESMExports } from 'node:module'
import workers from 'node:worker_threads'

const writers: workers.Worker[] = []

workers.Worker = class extends workers.Worker {
  constructor(file: string | URL, options?: workers.WorkerOptions) {
    super(file, options)
    if (options?.name === 'storage-writer') writers.push(this)
  }
}
syncBuiltinESMExports()

process.on('SIGUSR2', () => {
  for (const writer of writers) void writer.terminate()
})
