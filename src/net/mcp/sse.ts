import { Problem } from '../../lib/problem.ts'

const LF = 0x0a
const CR = 0x0d
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a stream of server-sent events (WHATWG HTML section 9.2) as far as MCP needs it: the `data` of each event. Ids, names
 * and reconnection times are of no use here and are dropped. Time is linear in what is pushed; the caller bounds the sum.
 */
export class SseReader {
  #parts: Uint8Array[] = []
  #data: string[] = []
  #afterCr = false
  #first = true

  /**
   * Takes a chunk and returns the events that it completes. @throws Problem `input.malformed` for
   * bytes that are not UTF-8
   */
  push(chunk: Uint8Array): string[] {
    const events: string[] = []
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte !== LF && byte !== CR) continue
      const secondHalf = byte === LF && at === from && this.#afterCr
      this.#afterCr = byte === CR
      if (!secondHalf) {
        const event = this.#line(chunk.subarray(from, at))
        if (event !== undefined) events.push(event)
      }
      from = at + 1
    }
    if (from < chunk.length) {
      this.#afterCr = false
      this.#parts.push(chunk.subarray(from))
    }
    return events
  }

  #line(end: Uint8Array): string | undefined {
    const bytes = this.#parts.length ? Buffer.concat([...this.#parts, end]) : end
    this.#parts = []
    const text = decode(bytes)
    const line = this.#first ? text.replace(/^\ufeff/, '') : text
    this.#first = false
    if (line === '') return this.#take()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    if (field === 'data') this.#data.push(colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, ''))
    return undefined
  }

  #take(): string | undefined {
    const data = this.#data.join('\n')
    this.#data = []
    // An event without data primes a stream for resumption; it says nothing.
    return data === '' ? undefined : data
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new Problem('input.malformed', 'the event stream is not UTF-8', { cause })
  }
}

/** Writes a message as an event. JSON text has no line breaks, so it is one line of data. */
export function sseEvent(json: string): string {
  return `event: message\ndata: ${json}\n\n`
}
