import type { IncomingMessage } from 'node:http'
import { BoundedRequest } from './bounded-request.ts'
import { incompleteBody } from './collect-body.ts'

/**
 * Gives the body of a request away in pieces, one after the other, so that what waits in memory is what one connection may send ahead.
 * A body that fails is not read further. INVARIANT: it answers only when all of the body has come and `take` is done with each
 * piece. A message tells its end as soon as its last piece was handed out, which is before anything was done with it.
 * @throws Problem what `take` throws, and `request.incomplete`, `request.too_fragmented`, `request.too_many`, `server.busy`
 */
export function takePieces(
  message: IncomingMessage,
  take: (piece: Buffer) => Promise<void>,
): Promise<void> {
  if (message.destroyed) return Promise.reject(incompleteBody())
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
    const takeOne = async (piece: Buffer) => {
      if (isOver) return
      await take(piece)
      bounded?.giveBack()
      if (!isOver) message.resume()
    }
    let taken = Promise.resolve()
    message.on('data', (piece: Buffer) => {
      message.pause()
      taken = taken.then(() => takeOne(piece))
      taken.catch(fail)
    })
    message.on('end', () => {
      // As in `collectBody`.
      if (message.complete === false) fail(incompleteBody())
      else taken.then(resolve, fail)
    })
    message.on('refused', fail)
    message.on('error', (cause) => fail(incompleteBody(cause)))
    message.on('close', () => {
      if (!message.complete) fail(incompleteBody())
    })
  })
}
