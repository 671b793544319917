import type { IncomingMessage } from 'node:http'
import { Problem } from '../../lib/problem.ts'
import { BoundedRequest } from './bounded-request.ts'

const FIRST_BYTES = 4_096

/**
 * Collects the whole body of a request, in memory that grows with its bytes and not with its
 * pieces. A larger body is not read further.
 * @throws Problem `input.too_large`, `request.incomplete`, `request.too_fragmented`,
 * `request.too_many`, `server.busy`
 */
export function collectBody(message: IncomingMessage, most: number): Promise<Buffer> {
  // A message that ended before a listener was added emits no further event.
  if (message.destroyed) return Promise.reject(incompleteBody())
  if (Number(message.headers['content-length'] ?? 0) > most) return Promise.reject(tooLarge(most))
  if (message instanceof BoundedRequest) {
    if (message.refusal) return Promise.reject(message.refusal)
    message.beginReading()
  }
  // All of it is here, and reading has not begun.
  if (message.complete && message.readableFlowing === null) {
    const bytes: Buffer = message.read() ?? Buffer.alloc(0)
    return bytes.length > most ? Promise.reject(tooLarge(most)) : Promise.resolve(bytes)
  }
  return new Promise((resolve, reject) => {
    const body = new Body()
    message.on('data', (chunk: Buffer) => {
      if (body.size + chunk.length <= most) {
        body.add(chunk, most)
        return
      }
      reject(tooLarge(most))
      message.pause()
    })
    const cut = (cause?: unknown) => reject(incompleteBody(cause))
    message.on('end', () => {
      // Messages that tests inject lack the member; those of Node do, always.
      if (message.complete === false) cut()
      else resolve(body.bytes)
    })
    message.on('refused', reject)
    message.on('error', cut)
    message.on('close', () => {
      if (!message.complete) cut()
    })
  })
}

/**
 * Buffer of a body, which doubles when it is full. A body of a single piece, as most are, is that
 * piece.
 */
class Body {
  #bytes: Buffer = Buffer.alloc(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  add(chunk: Buffer, most: number): void {
    const size = this.#size + chunk.length
    if (this.#size === 0) {
      this.#bytes = chunk
    } else {
      if (size > this.#bytes.length) this.#grow(Math.min(most, Math.max(size * 2, FIRST_BYTES)))
      chunk.copy(this.#bytes, this.#size)
    }
    this.#size = size
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(length)
    this.#bytes.copy(larger, 0, 0, this.#size)
    this.#bytes = larger
  }
}

function tooLarge(most: number): Problem {
  return new Problem('input.too_large', `a body is at most ${most} bytes`)
}

/** Problem of a body whose connection ended before it did. */
export function incompleteBody(cause?: unknown): Problem {
  return new Problem('request.incomplete', 'the body ended before it was complete', { cause })
}
