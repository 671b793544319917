import type { Readable } from 'node:stream'
import type { Task } from 'remit-sdk'
import type { McpMessage, McpTransport } from 'remit-sdk/mcp'
import { isRecord } from '../../../platform/lib/json.ts'
import { MCP, MCP_REVISIONS, RPC, STATELESS_REVISION } from '../../../platform/net/index.ts'
import { Lines } from '../../mcp-stdio/index.ts'
import { CommandFailure } from '../failure.ts'
import { ToolHeaders } from './tool-headers.ts'

/** Ends of a bridge between a client on standard streams and an MCP server at the gateway. */
export interface BridgeEnds {
  /** Opened by its first request. */
  readonly task: Pick<Task, 'fetch'>
  /** Tells whether it is open, or is being opened. */
  readonly begun: () => boolean
  readonly url: string
  readonly input: Readable
  readonly output: (line: string) => void
  readonly stopped: Promise<unknown>
  readonly say: (words: string) => void
}

const MAX_LINE_BYTES = 4 * 1024 * 1024
/** Maximum of requests under way, and of messages that wait for those before them. */
const MAX_OPEN = 64
/** Codes for a task that is over: no message can succeed any more. */
const OVER = /^(?:task\.(?:closed|unknown)|token\.expired)$/

type Message = McpMessage & Readonly<Record<string, unknown>>
type Id = string | number

interface OpenRequest {
  readonly leaving: AbortController
  readonly stateless: boolean
}

/**
 * Passes messages both ways until the input ends, as they are written: no number is read and written again. Answers why nothing can
 * pass any more, or `undefined` when the client went.
 */
export async function bridge(ends: BridgeEnds): Promise<string | undefined> {
  const { createMcpTransport } = await import('remit-sdk/mcp')
  const text = new WrittenText()
  const transport = createMcpTransport(ends.task, ends.url, { text })
  return new Bridge(ends, transport, text).run()
}

/** Text of messages, as each was written. */
class WrittenText {
  readonly #written = new WeakMap<object, string>()

  readonly parse = (line: string): unknown => {
    const message: unknown = JSON.parse(line)
    // A line end within JSON can only be white space.
    if (isMessage(message)) this.#written.set(message, line.replaceAll(/[\r\n]+/g, ' '))
    return message
  }

  readonly stringify = (message: McpMessage): string =>
    this.#written.get(message) ?? JSON.stringify(message)
}

class Bridge {
  readonly #ends: BridgeEnds
  readonly #transport: McpTransport
  readonly #text: WrittenText
  readonly #headers = new ToolHeaders()
  readonly #open = new Map<Id, OpenRequest>()
  /** Sending of the last message that others have to wait for. */
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #over: string | undefined

  constructor(ends: BridgeEnds, transport: McpTransport, text: WrittenText) {
    this.#ends = ends
    this.#transport = transport
    this.#text = text
    transport.onmessage = (message) => this.#hear(message)
    transport.onerror = (error) => ends.say(error.message)
  }

  async run(): Promise<string | undefined> {
    const { input, stopped } = this.#ends
    const lines = new Lines(MAX_LINE_BYTES, (line, cut) => this.#take(line, cut))
    void stopped.then(() => input.destroy())
    try {
      for await (const chunk of input as AsyncIterable<Buffer>) {
        lines.push(chunk)
        if (this.#waiting > MAX_OPEN) await this.#last
      }
      await this.#last
    } catch (error) {
      if (!input.destroyed) throw error
    }
    for (const { leaving } of this.#open.values()) leaving.abort()
    await this.#transport.close()
    return this.#over
  }

  #take(line: Buffer, cut: boolean): void {
    if (cut) {
      this.#fail(undefined, RPC.invalidRequest, `a message has at most ${MAX_LINE_BYTES} bytes`)
      return
    }
    if (line.every((byte) => byte <= 0x20)) return
    let message: unknown
    try {
      message = this.#text.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
    } catch {
      this.#fail(undefined, RPC.parseError, 'this is not JSON')
      return
    }
    if (isMessage(message)) {
      if (!this.#answeredHere(message)) this.#queue(message)
    } else this.#fail(undefined, RPC.invalidRequest, 'this is no message')
  }

  /**
   * Answers a client that begins by asking for revisions. Official clients start a second process for that question and end it at once,
   * and no person shall sign in or agree for its sake. Lists that the server does not have are empty at the gateway.
   */
  #answeredHere(message: Message): boolean {
    const { id, method } = message
    if (method !== 'server/discover' || !isId(id) || this.#ends.begun()) return false
    if (revisionOf(message) !== STATELESS_REVISION) return false
    const changes = { listChanged: true }
    const capabilities = {
      tools: changes,
      prompts: changes,
      resources: { ...changes, subscribe: true },
      completions: {},
      logging: {},
      extensions: { [MCP.tasks]: {} },
    }
    const name = this.#ends.url.split('/').at(-1)
    const result = {
      supportedVersions: MCP_REVISIONS,
      capabilities,
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [MCP.meta.serverInfo]: { name, version: '0' } },
    }
    this.#ends.output(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
    return true
  }

  /** Sends a message. Notifications, and what begins a session, have arrived before anything behind them is sent. */
  #queue(message: Message): void {
    this.#waiting++
    const sent = this.#last.then(() => {
      this.#waiting--
      return this.#send(message)
    })
    if (message.id === undefined || message.method === 'initialize') this.#last = sent
  }

  async #send(message: Message): Promise<void> {
    const { id, method } = message
    const request = typeof method === 'string' && isId(id) ? id : undefined
    if (this.#cancels(message)) return
    const leaving = new AbortController()
    if (request !== undefined) {
      const refusal = this.#refusal(request)
      if (refusal !== undefined) return this.#fail(...refusal)
      this.#open.set(request, { leaving, stateless: revisionOf(message) !== undefined })
    }
    const headers = this.#headers.for(message)
    await this.#transport
      .send(message, { requestSignal: leaving.signal, headers })
      .catch((error: unknown) => {
        if (!leaving.signal.aborted) this.#failed(request, error)
      })
  }

  #refusal(id: Id): [id: Id | undefined, code: number, words: string] | undefined {
    if (this.#open.has(id)) return [undefined, RPC.invalidRequest, 'this id is in use']
    if (this.#open.size < MAX_OPEN) return undefined
    return [id, RPC.internalError, 'too many requests are under way']
  }

  /** Without sessions, leaving a request is how it is cancelled (2026-07-28, "Cancellation"). */
  #cancels({ method, params }: Message): boolean {
    const id = isRecord(params) ? params.requestId : undefined
    if (method !== 'notifications/cancelled' || !isId(id)) return false
    const open = this.#open.get(id)
    if (!open?.stateless) return false
    this.#open.delete(id)
    open.leaving.abort()
    return true
  }

  #failed(request: Id | undefined, error: unknown): void {
    const words = errorWords(error)
    const code = isRecord(error) ? error.code : undefined
    if (request === undefined) this.#ends.say(words)
    else {
      this.#open.delete(request)
      this.#fail(request, RPC.internalError, words, typeof code === 'string' ? { code } : undefined)
    }
    if (error instanceof CommandFailure) this.#over = words
    else if (typeof code === 'string' && OVER.test(code)) this.#over = `the task is over: ${words}`
    else return
    this.#ends.input.destroy()
  }

  #hear(message: McpMessage): void {
    if (!isMessage(message)) return
    const { id, method, result } = message
    if (method === undefined && isId(id)) this.#open.delete(id)
    if (isRecord(result)) {
      this.#headers.learn(result)
      const { capabilities, protocolVersion } = result
      if (typeof protocolVersion === 'string' && capabilities !== undefined)
        this.#transport.setProtocolVersion(protocolVersion)
    }
    this.#ends.output(`${this.#text.stringify(message)}\n`)
  }

  #fail(id: Id | undefined, code: number, message: string, data?: object): void {
    const error = { code, message, ...(data && { data }) }
    const answer = { jsonrpc: '2.0', ...(id === undefined ? {} : { id }), error }
    this.#ends.output(`${JSON.stringify(answer)}\n`)
  }
}

/** Errors of the SDK have a `detail` in words that a model can act on. */
function errorWords(error: unknown): string {
  if (error instanceof CommandFailure)
    return [error.message, error.detail].filter((each) => each !== undefined).join(': ')
  if (isRecord(error) && typeof error.detail === 'string') return error.detail
  return error instanceof Error ? error.message : String(error)
}

function isMessage(value: unknown): value is Message {
  return isRecord(value) && value.jsonrpc === '2.0'
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' || typeof value === 'number'
}

/** Revision that a request names, which then has no session. */
function revisionOf({ params }: Message): string | undefined {
  const meta = isRecord(params) ? params._meta : undefined
  const revision = isRecord(meta) ? meta[MCP.meta.protocolVersion] : undefined
  return typeof revision === 'string' ? revision : undefined
}
