import type { IncomingMessage } from 'node:http'
import { isUnfinished } from '../http/index.ts'
import type { Awaitable } from '../lib/pipeline.ts'

/** Bytes of a body that cost less to read than it costs to check twice who sends it. */
const SMALL_BODY = 8_192

/** Checks whether a body is still to come, or so large that its sender has to be known first. */
export function isBodyCostly(message: IncomingMessage): Awaitable<boolean> {
  const isCostly = () => isUnfinished(message) || message.readableLength > SMALL_BODY
  const isSmall = Number(message.headers['content-length'] ?? 0) <= SMALL_BODY
  if (!isUnfinished(message) || !isSmall) return isCostly()
  // Bytes of the same packet as the head arrive in the next turn of the event loop.
  return new Promise((resolve) => setImmediate(() => resolve(isCostly())))
}
