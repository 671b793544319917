import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Request } from '../messages.ts'
import { FrameReader, writeFrame } from './frames.ts'
import type { WritingClients } from './writing-clients.ts'

const NAME = 'socket'
/** Bytes of a path that a socket can have (`sun_path` of unix(7), and less elsewhere). */
const MAX_PATH = 100
/** Bytes that a process may leave unread before it counts as gone. */
const MAX_UNREAD = 64 * 1_048_576

/** The socket over which other processes write. */
export interface WriterSocket {
  readonly path: string
  close(): void
}

/**
 * Listens in a directory that only this user may enter: a program that can open the socket could open the database, too. `proceed` is called
 * after everything that has arrived was taken in, so that it shares a commit.
 */
export async function serveWriter(
  directory: string,
  clients: WritingClients,
  proceed: () => void,
): Promise<WriterSocket> {
  const path = join(placeFor(directory), NAME)
  rmSync(path, { force: true }) // of a process that was killed; the lock of the directory is ours
  const sockets = new Set<Socket>()
  let arrived = false
  const later = () => {
    if (arrived) return
    arrived = true
    setImmediate(() => {
      arrived = false
      proceed()
    })
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    const reader = new FrameReader()
    const client = clients.join((message) => {
      writeFrame(socket, message)
      if (socket.writableLength > MAX_UNREAD) socket.destroy()
    })
    socket.on('data', (chunk) => {
      try {
        for (const request of reader.take(chunk)) client.ask(request as Request) // as: the same build sent it
        later()
      } catch {
        socket.destroy()
      }
    })
    socket.on('error', () => {}) // `close` follows
    socket.on('close', () => {
      sockets.delete(socket)
      client.leave()
      later()
    })
  })
  await listening(server, path)
  return {
    path,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function placeFor(directory: string): string {
  const place = join(directory, 'writer')
  if (Buffer.byteLength(join(place, NAME)) > MAX_PATH) return mkdtempSync(join(tmpdir(), 'remit-'))
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { mode: 0o700 })
  return place
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
