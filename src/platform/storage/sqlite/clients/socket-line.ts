import { once } from 'node:events'
import { connect } from 'node:net'
import { unavailable } from '../../failure.ts'
import type { WriterLine } from '../messages.ts'
import { FrameReader, writeFrame } from './frames.ts'
import type { ClientMessage } from './writing-clients.ts'

/** The line to the writer of another process of this machine. @throws Problem `storage.unavailable` */
export async function lineToSocket(path: string): Promise<WriterLine> {
  const socket = connect(path)
  await once(socket, 'connect').catch((cause: unknown) => {
    throw unavailable('the process that writes cannot be reached', cause)
  })
  return {
    post: (request) => writeFrame(socket, request),
    listen({ ended, hint, replies }) {
      const reader = new FrameReader()
      socket.on('data', (chunk) => {
        for (const each of reader.take(chunk)) {
          const message = each as ClientMessage // as: the same build sent it
          if (message.kind === 'hint') hint(message.channel)
          else replies(message.replies)
        }
      })
      let over = false
      const endLine = (cause: unknown) => {
        if (!over) ended(cause)
        over = true
      }
      socket.on('error', endLine)
      socket.on('close', endLine)
    },
    release() {
      socket.removeAllListeners('close')
      socket.destroy()
    },
  }
}
