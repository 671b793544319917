import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { sseEvent } from '../../platform/lib/event-stream.ts'
import type { TextPieces } from '../../platform/lib/json.ts'

const SAFE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
/** Proxies are asked to pass events on at once. */
const STREAM = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }

/** Response to one HTTP request: one text, or an event stream. Knows whether a client listens. */
export class StreamedReply {
  protected readonly raw: ServerResponse
  /** Made when it is read: most answers end before. */
  #gone: AbortController | undefined
  #isLeft = false

  constructor(raw: ServerResponse) {
    this.raw = raw
    raw.on('close', () => {
      this.#isLeft = !raw.writableFinished
      if (this.#isLeft) this.#gone?.abort()
    })
  }

  /** Aborted when the client has gone. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController()
    if (this.#isLeft) this.#gone.abort()
    return this.#gone.signal
  }

  /** True when status and headers are sent: only an event can follow. */
  get begun(): boolean {
    return this.raw.headersSent
  }

  protected sendWhole(status: number, headers: OutgoingHttpHeaders, pieces: TextPieces): void {
    const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)
    this.raw.writeHead(status, { ...SAFE, 'content-length': length, ...headers })
    for (const piece of pieces.slice(0, -1)) this.raw.write(piece)
    this.raw.end(pieces.at(-1))
  }

  protected sendEmpty(status: 202 | 204): void {
    this.raw
      .writeHead(status, { ...SAFE, ...(status === 202 ? { 'content-length': 0 } : {}) })
      .end()
  }

  protected sendEvent(data: string, event?: string): void {
    this.sendHead()
    this.raw.write(sseEvent(data, event))
  }

  /** Begins the stream, if that has not happened. */
  protected sendHead(): void {
    if (!this.begun) this.raw.writeHead(200, { ...SAFE, ...STREAM })
  }
}
