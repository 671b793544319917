/** Entry of the writer thread: opens the connection that writes, and answers until it is told to close. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Request, WriterReply } from './messages.ts'
import { openForWriting } from './pragmas.ts'
import { WriteQueue } from './write-queue.ts'

const port = parentPort
if (!port) throw new Error('writer-thread runs as a worker')

const { file } = workerData as { file: string } // as: set by writer.ts, the only one that starts this thread
const db = new DatabaseSync(file)
openForWriting(db)
const turns = new WriteQueue(db, send, collect)
let closing: number | undefined

function send(replies: readonly WriterReply[]): void {
  port?.postMessage(replies)
}

function receive(request: Request): void {
  if (request.kind === 'close') closing = request.id
  else turns.receive(request)
}

function collect(): void {
  if (!port) return
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    receive(next.message)
}

port.on('message', (request: Request) => {
  receive(request)
  collect()
  turns.proceed()
  if (closing === undefined) return
  turns.close()
  db.close()
  send([{ id: closing, kind: 'done' }])
  port.close()
})
