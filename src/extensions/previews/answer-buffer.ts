import type { OutgoingHttpHeaders } from 'node:http'
import { Writable } from 'node:stream'
import type { AnswerTarget } from '../../edges/gateway/index.ts'

/** Bytes of one preview. */
export const MAX_PREVIEW = 64 * 1024

/** Answer of an API that is kept whole for Remit's own reading. Longer ones end the call. */
export class AnswerBuffer extends Writable implements AnswerTarget {
  status = 0
  contentType = ''
  readonly #parts: Buffer[] = []
  #size = 0

  writeHead(status: number, headers: OutgoingHttpHeaders): void {
    this.status = status
    this.contentType = String(headers['content-type'] ?? '')
  }

  flushHeaders(): void {}

  get body(): Buffer {
    return Buffer.concat(this.#parts)
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#size += chunk.length
    if (this.#size > MAX_PREVIEW) this.#parts.length = 0
    else this.#parts.push(chunk)
    done()
    if (this.#size > MAX_PREVIEW) this.destroy()
  }
}
