import { CallFailed, Denied } from '../errors.ts'
import type { Task } from '../task/task.ts'
import type { TaskRequestInit } from '../task/task-fetch.ts'
import { type Ports, portsOf } from '../wire/ports.ts'
import { recordOf, textOr } from '../wire/problem.ts'
import { eventData } from './event-stream.ts'
import { requestHeaders } from './request-headers.ts'

/** A message of JSON-RPC 2.0. */
export interface McpMessage {
  readonly jsonrpc: '2.0'
}

/** Options of one message, as the official clients give them. */
export interface McpSendOptions {
  /** Not needed here: each message has a request of its own. */
  readonly relatedRequestId?: string | number | undefined
  /** Ends the request of this message. In revision 2026-07-28 that cancels it. */
  readonly requestSignal?: AbortSignal | undefined
  /** Told when the stream that answers this message is over, unless `requestSignal` ended it. */
  readonly onRequestStreamEnd?: (() => void) | undefined
  /** Headers of this message (`Mcp-Param-…`). */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Fits `Transport` of the official MCP clients, without depending on them. */
export interface McpTransport {
  /** Each message has a request of its own, so `requestSignal` cancels it. */
  readonly hasPerRequestStream: true
  start(): Promise<void>
  send(message: McpMessage, options?: McpSendOptions): Promise<void>
  /** Ends the session, too. */
  close(): Promise<void>
  setProtocolVersion(version: string): void
  onmessage?: ((message: McpMessage) => void) | undefined
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  sessionId?: string | undefined
}

/** Reads and writes the text of messages. */
export interface McpText {
  readonly parse: (text: string) => unknown
  readonly stringify: (message: McpMessage) => string
}

/** Options of a transport. */
export interface McpTransportOptions
  extends Pick<TaskRequestInit, 'resource' | 'onApproval'>,
    Partial<Pick<Ports, 'sleep'>> {
  /** Default `JSON`, whose numbers are JavaScript's. */
  readonly text?: McpText
}

/**
 * MCP as a task: `client.connect(createMcpTransport(task, 'https://gw.example/desk'))`, with either official client, in any revision that
 * it negotiates. Every message is a request of the task; what Remit refuses rejects the call with `Denied`. Where people have to approve
 * a call, the gateway asks the client to open the page if it can (URL elicitation), or holds the call, or tells the model.
 * `client.close()` ends the session.
 */
export function createMcpTransport(
  task: Pick<Task, 'fetch'>,
  url: string | URL,
  { sleep, text = JSON, ...options }: McpTransportOptions = {},
): McpTransport {
  const request = (init: RequestInit) => task.fetch(url, { ...init, ...options })
  return new TaskTransport(request, { ...portsOf(sleep ? { sleep } : {}), text })
}

/** Pauses in ms before the stream of a session is opened again: longer, as long as it brings nothing. */
const PAUSES = [1_000, 2_000, 5_000, 15_000, 60_000]

/** Streamable HTTP (MCP 2025-11-25 and 2026-07-28, basic/transports) as the gateway speaks it: no resumption. */
class TaskTransport implements McpTransport {
  readonly hasPerRequestStream = true
  onmessage?: (message: McpMessage) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  sessionId?: string
  #revision: string | undefined
  readonly #request: (init: RequestInit) => Promise<Response>
  readonly #text: McpText
  readonly #sleep: Ports['sleep']
  readonly #closing = new AbortController()

  constructor(
    request: (init: RequestInit) => Promise<Response>,
    { sleep, text }: Pick<Ports, 'sleep'> & { readonly text: McpText },
  ) {
    this.#request = request
    this.#text = text
    this.#sleep = sleep
  }

  async start(): Promise<void> {}

  setProtocolVersion(version: string): void {
    this.#revision = version
  }

  async send(message: McpMessage, options: McpSendOptions = {}): Promise<void> {
    const { headers: given = {}, onRequestStreamEnd, requestSignal } = options
    const headers = new Headers({ ...given })
    for (const [name, value] of this.#headers()) headers.set(name, value)
    for (const [name, value] of requestHeaders(message)) headers.set(name, value)
    headers.set('accept', 'application/json, text/event-stream')
    headers.set('content-type', 'application/json')
    const closing = this.#closing.signal
    const signal = requestSignal ? AbortSignal.any([closing, requestSignal]) : closing
    const body = this.#text.stringify(message)
    const response = await this.#request({ method: 'POST', headers, body, signal })
    if (!response.ok) return this.#refused(response, idOf(message))
    const begun = response.headers.get('mcp-session-id')
    if (begun !== null) this.sessionId ??= begun
    const type = response.headers.get('content-type') ?? ''
    if (response.body && /^text\/event-stream\b/i.test(type)) {
      // The call ends with its answer; the request that carried it is over already.
      void this.#follow(response.body, idOf(message), signal).then(() => {
        if (!signal.aborted) onRequestStreamEnd?.()
      })
    } else if (/^application\/json\b/i.test(type))
      this.#tell(this.#text.parse(await response.text()))
    else await response.body?.cancel()
    const { method } = recordOf(message)
    if (method === 'notifications/initialized' && this.sessionId !== undefined)
      void this.#listen().catch(() => {}) // Left, or refused: the next call says why.
  }

  /**
   * Hears what the server of a session says outside of calls. A server with nothing to say refuses, and is asked no more; a stream
   * that ends is opened again.
   */
  async #listen(): Promise<void> {
    const { signal } = this.#closing
    for (let quiet = 0; !signal.aborted; quiet++) {
      const headers = this.#headers()
      headers.set('accept', 'text/event-stream')
      const response = await this.#request({ method: 'GET', headers, signal })
      if (!response.ok || !response.body) return response.body?.cancel()
      try {
        for await (const data of eventData(response.body)) {
          quiet = 0
          this.#tell(this.#text.parse(data))
        }
      } catch {
        // Cut, which is the end of it, too.
      }
      await this.#sleep(PAUSES[Math.min(quiet, PAUSES.length - 1)] ?? 0, signal)
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new DOMException('the client has closed', 'AbortError'))
    if (this.sessionId !== undefined) {
      // No listener is left; a session without its task is of no use to anyone.
      await this.#request({ method: 'DELETE', headers: this.#headers() }).catch(() => {})
    }
    this.onclose?.()
  }

  #headers(): Headers {
    const headers = new Headers()
    if (this.sessionId !== undefined) headers.set('mcp-session-id', this.sessionId)
    if (this.#revision !== undefined) headers.set('mcp-protocol-version', this.#revision)
    return headers
  }

  async #follow(
    stream: ReadableStream<Uint8Array>,
    id: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    let answered = id === undefined
    try {
      for await (const data of eventData(stream)) {
        const message = this.#text.parse(data)
        answered ||= idOf(message) === id && !('method' in recordOf(message))
        this.#tell(message)
      }
    } catch (error) {
      if (signal.aborted) return
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
    }
    // The waiting request is told that no answer will come.
    if (!answered && !signal.aborted) this.#tell({ jsonrpc: '2.0', id, error: CUT })
  }

  /** An error that answers the request is its answer, whatever the status: clients negotiate revisions by it. */
  async #refused(response: Response, id: unknown): Promise<void> {
    const text = await response.text()
    const answer = parsed(text)
    if (id === undefined || idOf(answer) !== id || !('error' in recordOf(answer)))
      throw refusedAs(response, answer)
    this.#tell(this.#text.parse(text))
  }

  #tell(message: unknown): void {
    for (const one of Array.isArray(message) ? message : [message]) this.onmessage?.(one)
  }
}

const CUT = {
  code: -32603,
  message: 'the response was cut: it is unknown whether the call was executed',
} as const

function idOf(message: unknown): unknown {
  return recordOf(message).id
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The gateway answers what it cannot take as MCP with an error of JSON-RPC, which has its own code in `data`. */
function refusedAs(response: Response, answer: unknown): Denied | CallFailed {
  const { status } = response
  const error = recordOf(recordOf(answer).error)
  const { code, detail } = recordOf(error.data)
  const facts = { status, response }
  const says = textOr(detail) ?? textOr(error.message) ?? `the server answered ${status}`
  return status < 500 && typeof code === 'string'
    ? new Denied({ ...facts, code, detail: says })
    : new CallFailed('server.unreadable', says, { ...facts, effect: 'unknown' })
}
