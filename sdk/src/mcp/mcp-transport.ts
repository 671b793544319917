import { CallFailed, Denied } from '../errors.ts'
import type { Task } from '../task/task.ts'
import type { TaskRequestInit } from '../task/task-fetch.ts'
import { objectOf, recordOf, textOr } from '../wire/problem.ts'
import { eventData } from './event-stream.ts'

/** A message of JSON-RPC 2.0. */
export interface McpMessage {
  readonly jsonrpc: '2.0'
}

/** Fits `Transport` of the official MCP clients, without depending on them. */
export interface McpTransport {
  start(): Promise<void>
  send(message: McpMessage): Promise<void>
  /** Ends the session, too. */
  close(): Promise<void>
  setProtocolVersion(version: string): void
  onmessage?: ((message: McpMessage) => void) | undefined
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  sessionId?: string | undefined
}

/**
 * MCP as a task: `client.connect(createMcpTransport(task, 'https://gw.example/desk'))`, with either official client. Every message is a
 * request of the task; what Remit refuses rejects the call with `Denied`. The gateway holds calls that people have to approve, and
 * tells the model the rest. `client.close()` ends the session.
 */
export function createMcpTransport(
  task: Pick<Task, 'fetch'>,
  url: string | URL,
  options: Pick<TaskRequestInit, 'resource' | 'onApproval'> = {},
): McpTransport {
  return new TaskTransport((init) => task.fetch(url, { ...init, ...options }))
}

/** Streamable HTTP (MCP 2025-11-25, basic/transports) as the gateway speaks it: no stream that the server begins, no resumption. */
class TaskTransport implements McpTransport {
  onmessage?: (message: McpMessage) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  sessionId?: string
  #revision: string | undefined
  readonly #request: (init: RequestInit) => Promise<Response>
  readonly #closing = new AbortController()

  constructor(request: (init: RequestInit) => Promise<Response>) {
    this.#request = request
  }

  async start(): Promise<void> {}

  setProtocolVersion(version: string): void {
    this.#revision = version
  }

  async send(message: McpMessage): Promise<void> {
    const headers = this.#headers()
    headers.set('accept', 'application/json, text/event-stream')
    headers.set('content-type', 'application/json')
    const { signal } = this.#closing
    const body = JSON.stringify(message)
    const response = await this.#request({ method: 'POST', headers, body, signal })
    if (!response.ok) throw await refused(response)
    const begun = response.headers.get('mcp-session-id')
    if (begun !== null) this.sessionId ??= begun
    const type = response.headers.get('content-type') ?? ''
    if (response.body && /^text\/event-stream\b/i.test(type)) {
      // The call ends with its answer; the request that carried it is over already.
      void this.#follow(response.body, idOf(message))
    } else if (/^application\/json\b/i.test(type)) this.#tell(await response.json())
    else await response.body?.cancel()
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new DOMException('the client has closed', 'AbortError'))
    if (this.sessionId !== undefined) {
      // Nobody is left to be told; a session without its task is of no use to anyone.
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

  async #follow(stream: ReadableStream<Uint8Array>, id: unknown): Promise<void> {
    let answered = id === undefined
    try {
      for await (const data of eventData(stream)) {
        const message: unknown = JSON.parse(data)
        answered ||= idOf(message) === id && !('method' in recordOf(message))
        this.#tell(message)
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
    }
    // Whoever waits for the answer is told that none will come.
    if (!answered && !this.#closing.signal.aborted) this.#tell({ jsonrpc: '2.0', id, error: CUT })
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

/** The gateway answers what it cannot take as MCP with an error of JSON-RPC, which has its own code in `data`. */
async function refused(response: Response): Promise<Denied | CallFailed> {
  const { status } = response
  const error = recordOf((await objectOf(response.clone())).error)
  const { code, detail } = recordOf(error.data)
  const facts = { status, response }
  const says = textOr(detail) ?? textOr(error.message) ?? `the server answered ${status}`
  return status < 500 && typeof code === 'string'
    ? new Denied({ ...facts, code, detail: says })
    : new CallFailed('server.unreadable', says, { ...facts, effect: 'unknown' })
}
