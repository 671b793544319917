import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { printedTexts } from '../../../calls/mcp-messages/index.ts'
import { ExactNumber, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import {
  printedPieces,
  printMessage,
  type RpcError,
  type RpcId,
  type RpcNotification,
  type RpcRequest,
  type RpcResult,
} from '../../../platform/net/index.ts'
import { StreamedReply } from '../streamed-reply.ts'

const MAX_WORDS = 1_000

/**
 * Answer to one HTTP request of MCP: JSON, or an event stream as soon as there is something to tell
 * before it. Sends at most one answer.
 */
export class McpReply extends StreamedReply {
  /** Last progress value that was sent; -1: none yet. */
  #progress = -1
  #base = 0
  #ended = false
  readonly #written: (answer: RpcResult | RpcError) => RpcResult | RpcError

  /** `written`: writes an answer as its revision has it. */
  constructor(raw: ServerResponse, written = (answer: RpcResult | RpcError) => answer) {
    super(raw)
    this.#written = written
  }

  /**
   * Sends progress under the token that asked for it. Values only ever grow (MCP, "Progress"), also
   * when a server begins to count after progress of our own.
   */
  progress(token: RpcId, at: number, message: string | undefined, total?: number): void {
    const value = this.#base + at
    if (this.#ended || this.raw.destroyed || value <= this.#progress) return
    // A client that does not read gets no further progress.
    if (this.raw.writableNeedDrain) return
    this.#progress = value
    const params = new Map<string, Json>([
      ['progressToken', token],
      ['progress', new ExactNumber(String(value))],
    ])
    if (total !== undefined && this.#base === 0) params.set('total', new ExactNumber(String(total)))
    if (message !== undefined) params.set('message', message.slice(0, MAX_WORDS).toWellFormed())
    this.#event({ kind: 'notification', method: 'notifications/progress', params })
  }

  /**
   * Starts a new count: the next sender's values begin at zero and are added to those sent so far.
   */
  countAnew(): void {
    this.#base = this.#progress + 1
  }

  /** Sends the answer. Status and headers have an effect only where nothing was sent before. */
  end(
    answer: RpcResult | RpcError,
    how: { readonly status?: number; readonly headers?: OutgoingHttpHeaders } = {},
  ): void {
    if (this.#ended) return
    const told = this.#written(answer)
    if (this.begun) {
      this.#event(told)
      this.#ended = true
      this.raw.end()
      return
    }
    this.#ended = true
    const type = { 'content-type': 'application/json' }
    const pieces = printedPieces(told, printedTexts.find)
    this.sendWhole(how.status ?? 200, { ...type, ...how.headers }, pieces)
  }

  /** Sends an HTTP answer without a message. */
  empty(status: 202 | 204): void {
    if (this.#ended || this.begun) return
    this.#ended = true
    this.sendEmpty(status)
  }

  /** Ends a stream that has no answer. */
  close(): void {
    this.#ended = true
    this.raw.end()
  }

  /** Sends a notification that belongs to this request. */
  notify(method: string, params: JsonObject): void {
    if (this.#ended || this.raw.destroyed || this.raw.writableNeedDrain) return
    this.#event({ kind: 'notification', method, params })
  }

  /** Begins a stream, and keeps it from being closed as dead: a comment, which has no content. */
  keepAlive(): void {
    if (this.#ended || this.raw.destroyed || this.raw.writableNeedDrain) return
    this.sendHead()
    this.raw.write(':\n\n')
  }

  /** Puts a question to the client, before the answer. False: the client has gone. */
  ask(question: RpcRequest): boolean {
    if (this.#ended || this.raw.destroyed) return false
    this.#event(question)
    return true
  }

  #event(message: RpcNotification | RpcRequest | RpcResult | RpcError): void {
    this.sendEvent(printMessage(message))
  }
}
