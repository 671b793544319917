import type { Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'

/** Bytes in front of each message: how long it is. */
const LENGTH_BYTES = 4
/** Maximum bytes of one message: far more than anything that is written at once. */
const MAX_FRAME_BYTES = 256 * 1_048_576

/** Sends a message whole. Both sides are the same build, on the same machine. */
export function writeFrame(socket: Socket, message: unknown): void {
  const body = serialize(message)
  const head = Buffer.allocUnsafe(LENGTH_BYTES)
  head.writeUInt32LE(body.length)
  socket.cork()
  socket.write(head)
  socket.write(body)
  socket.uncork()
}

/** Puts the messages of one socket together again. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** Answers the messages that are whole now. @throws Error for one that is too long */
  take(chunk: Buffer): unknown[] {
    const bytes = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk
    const messages: unknown[] = []
    let at = 0
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32LE(at)
      if (length > MAX_FRAME_BYTES) throw new Error('a message of another process is too long')
      const from = at + LENGTH_BYTES
      if (bytes.length - from < length) break
      messages.push(deserialize(bytes.subarray(from, from + length)))
      at = from + length
    }
    this.#rest = bytes.subarray(at)
    return messages
  }
}
