import { Problem } from './problem.ts'

const LF = 0x0a
const CR = 0x0d

export interface ServerSentEvent {
  /** Type of the event; `message` where it names none. */
  readonly event: string
  readonly data: string
  readonly id?: string
}

/**
 * Reads a stream of server-sent events (WHATWG HTML section 9.2.6), but for reconnection times. An
 * event that no empty line ends is dropped. Time is linear in the pushed bytes; the caller bounds the
 * sum.
 */
export class EventStreamReader {
  readonly #decoder: InstanceType<typeof TextDecoder>
  #parts: Uint8Array[] = []
  #data: string[] = []
  #event = ''
  #id: string | undefined
  #afterCr = false
  #first = true

  /** `strict`: bytes that are not UTF-8 are refused; otherwise they are replaced. */
  constructor({ strict }: { readonly strict: boolean }) {
    this.#decoder = new TextDecoder('utf-8', { fatal: strict, ignoreBOM: true })
  }

  /**
   * Takes a chunk and returns the events that it completes. @throws Problem `input.malformed` for
   * bytes that are not UTF-8
   */
  push(chunk: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = []
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte !== LF && byte !== CR) continue
      const secondHalf = byte === LF && at === from && this.#afterCr
      this.#afterCr = byte === CR
      if (!secondHalf) {
        const event = this.#line(chunk.subarray(from, at))
        if (event) events.push(event)
      }
      from = at + 1
    }
    if (from < chunk.length) {
      this.#afterCr = false
      this.#parts.push(chunk.subarray(from))
    }
    return events
  }

  #line(end: Uint8Array): ServerSentEvent | undefined {
    const bytes = this.#parts.length ? Buffer.concat([...this.#parts, end]) : end
    this.#parts = []
    const text = this.#decode(bytes)
    const line = this.#first ? text.replace(/^\ufeff/, '') : text
    this.#first = false
    if (line === '') return this.#take()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#event = value
    else if (field === 'id') this.#id = value
    return undefined
  }

  #take(): ServerSentEvent | undefined {
    const [data, event, id] = [this.#data, this.#event || 'message', this.#id]
    this.#data = []
    this.#event = ''
    this.#id = undefined
    if (data.length === 0) return undefined
    return { event, data: data.join('\n'), ...(id === undefined ? {} : { id }) }
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes)
    } catch (cause) {
      throw new Problem('input.malformed', 'the event stream is not UTF-8', { cause })
    }
  }
}

/** Writes a message as an event. JSON text has no line breaks, so it is one line of data. */
export function sseEvent(json: string, event = 'message'): string {
  return `event: ${event}\ndata: ${json}\n\n`
}
