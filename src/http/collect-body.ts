import type { IncomingMessage } from 'node:http'
import { Problem } from '../lib/problem.ts'

/**
 * The whole body of a request. What is larger is not read further; Node throws away what still comes of it once there is an answer.
 * @throws Problem `input.too_large`, `request.incomplete`
 */
export function collectBody(message: IncomingMessage, most: number): Promise<Buffer> {
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
