import type { ServerResponse } from 'node:http'
import { sseEvent } from '../../lib/event-stream.ts'
import type { JsonObject } from '../../lib/json.ts'
import { printMessage, type RpcError, type RpcId, type RpcResult } from '../../net/index.ts'

const SAFE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
const STREAM = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }

/** Answer to one request of A2A: JSON, or for the methods that stream, events, errors included. */
export class A2aReply {
  readonly #raw: ServerResponse
  readonly #isStream: boolean
  readonly #gone = new AbortController()
  #ended = false

  constructor(raw: ServerResponse, isStream: boolean) {
    this.#raw = raw
    this.#isStream = isStream
    raw.on('close', () => {
      if (!raw.writableFinished) this.#gone.abort()
    })
  }

  /** Aborted when nobody listens any more. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get begun(): boolean {
    return this.#raw.headersSent
  }

  /** Sends one event of a stream. */
  part(id: RpcId, result: JsonObject): void {
    if (!this.#ended) this.#event({ kind: 'result', id, result })
  }

  /** Sends the answer; of a stream, its last event, or nothing more. */
  end(answer: RpcResult | RpcError | undefined): void {
    if (this.#ended) return
    if (this.#isStream) {
      if (answer) this.#event(answer)
      this.#ended = true
      this.#raw.end()
      return
    }
    this.#ended = true
    if (!answer) throw new Error('a request without stream has an answer')
    const text = printMessage(answer)
    const length = Buffer.byteLength(text)
    this.#raw.writeHead(200, {
      ...SAFE,
      'content-type': 'application/json',
      'content-length': length,
    })
    this.#raw.end(text)
  }

  #event(message: RpcResult | RpcError): void {
    if (!this.begun) this.#raw.writeHead(200, { ...SAFE, ...STREAM })
    this.#raw.write(sseEvent(printMessage(message)))
  }
}
