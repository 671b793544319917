import type { IncomingMessage } from 'node:http'
import { BoundedRequest } from './bounded-request.ts'
import { incomplete } from './collect-body.ts'

/**
 * Gives the body of a request away in pieces, one after the other, so that what waits in memory is what one connection may send ahead.
 * A body that fails is not read further.
 * @throws Problem what `take` throws, and `request.incomplete`, `request.too_fragmented`, `request.too_many`, `server.busy`
 */
export function takePieces(
  message: IncomingMessage,
  take: (piece: Buffer) => Promise<void>,
): Promise<void> {
  if (message.destroyed) return Promise.reject(incomplete())
  const bounded = message instanceof BoundedRequest ? message : undefined
  if (bounded?.refusal) return Promise.reject(bounded.refusal)
  bounded?.beginReading()
  return new Promise((resolve, reject) => {
    let isOver = false
    const fail = (error: unknown) => {
      isOver = true
      message.pause()
      reject(error)
    }
    message.on('data', (piece: Buffer) => {
      if (isOver) return
      message.pause()
      take(piece).then(() => {
        bounded?.giveBack()
        if (!isOver) message.resume()
      }, fail)
    })
    message.on('end', resolve)
    message.on('refused', fail)
    message.on('error', (cause) => fail(incomplete(cause)))
    message.on('close', () => {
      if (!message.complete) fail(incomplete())
    })
  })
}
