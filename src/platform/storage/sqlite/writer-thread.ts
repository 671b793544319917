/** Entry of a writer thread: opens the connection that writes, and answers until it is told to close; then it may open another. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { serveWriter, type WriterSocket } from './clients/serve-writer.ts'
import { WritingClients } from './clients/writing-clients.ts'
import type { Request, WriterReply } from './messages.ts'
import { openForWriting } from './pragmas.ts'
import { WriteQueue } from './write-queue.ts'

const port = parentPort
if (!port) throw new Error('writer-thread runs as a worker')

let opened: { readonly db: DatabaseSync; readonly turns: WriteQueue } | undefined
/** Other processes that write through this thread; absent: there are none. */
let shared: { readonly clients: WritingClients; readonly socket: WriterSocket } | undefined

function postReplies(replies: readonly WriterReply[]): void {
  const own = shared ? shared.clients.answer(replies) : replies
  if (own.length > 0) port?.postMessage(own)
}

async function share({ directory, id }: Extract<Request, { kind: 'share' }>): Promise<void> {
  if (!opened) return
  const { turns } = opened
  const clients = new WritingClients(turns)
  const socket = await serveWriter(directory, clients, () => opened?.turns.proceed())
  shared = { clients, socket }
  postReplies([{ id, kind: 'shared', path: socket.path }])
}

function open(file: string): void {
  const db = new DatabaseSync(file)
  openForWriting(db)
  opened = { db, turns: new WriteQueue(db, postReplies, collect) }
}

function close(id: number): void {
  opened?.turns.close()
  shared?.socket.close()
  shared = undefined
  opened?.db.close()
  opened = undefined
  postReplies([{ id, kind: 'done' }])
}

function receive(request: Request): void {
  if (request.kind === 'open') open(request.file)
  else if (request.kind === 'close')
    // Later: it may have been taken in for another process, in the middle of what that does.
    setImmediate(() => close(request.id))
  else if (request.kind === 'share')
    void share(request) // a failure ends the thread, and is told so
  else if (request.kind !== 'hint') opened?.turns.receive(request)
}

function collect(): void {
  if (!port) return
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    receive(next.message)
}

port.on('message', (request: Request) => {
  receive(request)
  collect()
  opened?.turns.proceed()
})
