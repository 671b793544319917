import type { IncomingMessage } from 'node:http'
import { Problem } from '../lib/problem.ts'

/**
 * The whole body of a request. By events: an iterator over a stream costs more than everything else about a short body. What is
 * larger is not read further; Node throws away what still comes of it once there is an answer.
 * @throws Problem `input.too_large`, `request.incomplete`
 */
export function collectBody(message: IncomingMessage, most: number): Promise<Buffer> {
  // RFC 9112 section 6.3: a request with neither of them has no body.
  const { 'content-length': length, 'transfer-encoding': encoding } = message.headers
  if (length === undefined && encoding === undefined) {
    message.resume()
    return Promise.resolve(Buffer.alloc(0))
  }
  // What ended before anybody listened says nothing any more.
  if (message.destroyed) return Promise.reject(incomplete())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    message.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= most) {
        chunks.push(chunk)
        return
      }
      reject(new Problem('input.too_large', `a body is at most ${most} bytes`))
      message.pause()
    })
    message.on('end', () => {
      const [only] = chunks
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, size))
    })
    const cut = (cause?: unknown) => reject(incomplete(cause))
    message.on('error', cut)
    message.on('close', () => {
      if (!message.complete) cut()
    })
  })
}

function incomplete(cause?: unknown): Problem {
  return new Problem('request.incomplete', 'the body ended before it was complete', { cause })
}
