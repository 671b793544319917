import type { ServerResponse } from 'node:http'
import { sseEvent } from '../../platform/lib/event-stream.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import {
  printMessage,
  RPC,
  type RpcError,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  type RpcResult,
} from '../../platform/net/index.ts'
import type { ServerProcess } from './server-process.ts'

/** Maximum of requests under way in one process, and of its questions that wait for an answer. */
const MAX_OPEN = 64
/** Maximum bytes that wait for a caller that does not read. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

interface OpenRequest {
  readonly id: RpcId
  readonly progressToken: Json | undefined
  readonly reply: ServerResponse
}

/**
 * Messages between the gateway and one process. Requests get new ids, so that callers who share a process cannot meet in
 * one id. On standard output nothing says which request a message belongs to, but for answers and progress; so everything else is passed
 * on only while one request is under way, and never to the caller of another one.
 */
export class StdioConversation {
  readonly #process: ServerProcess
  readonly #open = new Map<string, OpenRequest>()
  /** Requests that the caller left and may still cancel, by their new ids. */
  readonly #left = new Map<string, RpcId>()
  readonly #questions = new Set<string>()
  #last = 0

  constructor(process: ServerProcess) {
    this.#process = process
  }

  /** Number of requests under way. */
  get busy(): number {
    return this.#open.size
  }

  /** Passes a request on, and what answers it to `reply`, as a stream of events. False: it cannot be taken now. */
  ask(request: RpcRequest, reply: ServerResponse, cancels: boolean): boolean {
    if (this.#open.size >= MAX_OPEN) return false
    const number = String(++this.#last)
    const id = new ExactNumber(number)
    if (!this.#process.send({ ...request, id })) return false
    const meta = request.params.get('_meta')
    const progressToken = isObject(meta) ? meta.get('progressToken') : undefined
    this.#open.set(number, { id: request.id, progressToken, reply })
    reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    reply.flushHeaders()
    reply.once('close', () => {
      if (!this.#open.delete(number)) return
      // Without sessions, leaving a request is how it is cancelled (2026-07-28, "Cancellation").
      if (cancels) this.#cancel(number)
      else this.#leave(number, request.id)
    })
    return true
  }

  /** Passes a notification or an answer on. False: it cannot be taken, or answers nothing. */
  tell(message: RpcNotification | RpcResult | RpcError): boolean {
    if (message.kind !== 'notification')
      return this.#questions.delete(rpcIdKey(message.id)) && this.#process.send(message)
    if (message.method !== 'notifications/cancelled') return this.#process.send(message)
    const given = message.params.get('requestId')
    const ids = [...[...this.#open].map(([number, { id }]) => [number, id] as const), ...this.#left]
    for (const [number, id] of ids) if (rpcIdKey(id) === rpcIdKey(given)) this.#cancel(number)
    return true
  }

  /** Takes a message of the process. */
  hear(message: RpcMessage): void {
    if (message.kind === 'request') this.#question(message)
    else if (message.kind === 'notification') this.#notification(message)
    else this.#answer(message)
  }

  /** Cuts whatever is under way: whether the server acted is not known, and an answer would claim to know. */
  cut(): void {
    for (const { reply } of this.#open.values()) reply.destroy()
    this.#open.clear()
  }

  #answer(message: RpcResult | RpcError): void {
    const number = message.id instanceof ExactNumber ? message.id.text : ''
    this.#left.delete(number)
    const open = this.#open.get(number)
    if (!open) return
    this.#open.delete(number)
    open.reply.end(sseEvent(printMessage({ ...message, id: open.id })))
  }

  #notification(message: RpcNotification): void {
    const { method, params } = message
    const all = [...this.#open.values()]
    const token = params.get('progressToken')
    const meant =
      method === 'notifications/progress'
        ? all.filter(
            (each) => token !== undefined && rpcIdKey(each.progressToken) === rpcIdKey(token),
          )
        : all
    const [only] = meant
    if (only && meant.length === 1) writeEvent(only, message)
  }

  #question(message: RpcRequest): void {
    if (message.method === 'ping') {
      this.#process.send({ kind: 'result', id: message.id, result: new Map() })
      return
    }
    const [only] = this.#open.values()
    if (only && this.#open.size === 1 && this.#questions.size < MAX_OPEN) {
      this.#questions.add(rpcIdKey(message.id))
      writeEvent(only, message)
      return
    }
    const words = 'it is not clear which call this belongs to'
    const { id } = message
    const error = { kind: 'error', id, code: RPC.internalError, message: words } as const
    this.#process.send({ ...error, data: undefined })
  }

  #leave(number: string, id: RpcId): void {
    this.#left.set(number, id)
    const [oldest] = this.#left.keys()
    if (oldest !== undefined && this.#left.size > MAX_OPEN) this.#left.delete(oldest)
  }

  #cancel(number: string): void {
    this.#left.delete(number)
    const params: JsonObject = new Map([['requestId', new ExactNumber(number)]])
    this.#process.send({ kind: 'notification', method: 'notifications/cancelled', params })
  }
}

function writeEvent({ reply }: OpenRequest, message: RpcMessage): void {
  if (reply.writableLength > MAX_WAITING_BYTES) reply.destroy()
  else reply.write(sseEvent(printMessage(message)))
}

/** Ids and tokens: a string and a number are never the same. */
function rpcIdKey(id: Json | undefined): string {
  return id instanceof ExactNumber ? `n${id.text}` : `s${String(id)}`
}
