import type { ServerResponse } from 'node:http'
import { BoundedRequest, isUnfinished } from './bounded-request.ts'
import { isDoubted } from './framing.ts'
import { nodeHttp } from './node-http.ts'

/** Limits in bytes and milliseconds of a body that is no longer wanted. */
const LINGER = { bytes: 1_048_576, ms: 1_000 } as const

/**
 * An answer that comes before the body of its request has arrived ends the connection: unread bytes would be taken for the
 * next request. The answer is sent at once; the connection then takes and drops a little of what still comes, because
 * a client that is cut off while it sends may never see the answer (RFC 9112 section 9.6).
 */
export class BoundedResponse extends nodeHttp.ServerResponse {
  #lingering = false

  override writeHead(...head: unknown[]): this {
    if (isUnfinished(this.req) || isDoubted(this.req)) this.shouldKeepAlive = false
    return super.writeHead(...(head as Parameters<ServerResponse['writeHead']>)) // as: one of its overloads, passed on as it came
  }

  override end(...args: unknown[]): this {
    const request = this.req
    if (this.#lingering) return this
    if (!(request instanceof BoundedRequest) || !mayLinger(this, request))
      return super.end(...(args as Parameters<ServerResponse['end']>)) // as: one of its overloads, passed on as it came
    this.#lingering = true
    const done = args.find((each) => typeof each === 'function')
    this.#writeAll(args[0])
    const finish = () => {
      clearTimeout(late)
      if (!this.writableEnded) super.end(done as (() => void) | undefined) // as: `find` cannot say so
    }
    const late = setTimeout(finish, LINGER.ms)
    request.discard(LINGER.bytes, finish)
    return this
  }

  #writeAll(body: unknown): void {
    const isBody = typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Uint8Array
    if (!this.headersSent && !this.hasHeader('content-length'))
      this.setHeader('content-length', isBody ? Buffer.byteLength(body) : 0)
    if (isBody && body.length > 0) this.write(body)
    else this.flushHeaders()
  }
}

/**
 * Checks whether the connection may stay open for a while. A request that is refused for how its
 * body comes is cut off at once, and so is one whose answer has no body to be lost.
 */
function mayLinger(response: ServerResponse, request: BoundedRequest): boolean {
  const { destroyed, statusCode, writableEnded } = response
  if (destroyed || writableEnded || statusCode === 204 || statusCode === 304) return false
  return request.isUnfinished && !request.isUninvited && request.refusal === undefined
}
