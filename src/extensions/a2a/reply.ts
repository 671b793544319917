import type { ServerResponse } from 'node:http'
import { exact } from '../../calls/mcp-messages/index.ts'
import { StreamedReply } from '../../edges/gateway/index.ts'
import { type Json, type JsonObject, printJson } from '../../platform/lib/json.ts'
import {
  printMessage,
  RPC,
  type RpcError,
  type RpcId,
  type RpcResult,
} from '../../platform/net/index.ts'
import { CODES } from './errors.ts'

const INVALID: Status = [400, 'INVALID_ARGUMENT']

const INTERNAL: Status = [500, 'INTERNAL']

/** HTTP status and name of `google.rpc.Code` for each error code (A2A 1.0, section 5.4). */
const STATUSES: Readonly<Record<number, Status>> = {
  [CODES.TASK_NOT_FOUND]: [404, 'NOT_FOUND'],
  [CODES.CONTENT_TYPE_NOT_SUPPORTED]: INVALID,
  [CODES.INVALID_AGENT_RESPONSE]: INTERNAL,
  [CODES.PERMISSION_DENIED]: [403, 'PERMISSION_DENIED'],
  [RPC.parseError]: INVALID,
  [RPC.invalidRequest]: INVALID,
  [RPC.invalidParams]: INVALID,
  [RPC.methodNotFound]: [501, 'UNIMPLEMENTED'],
  [RPC.internalError]: INTERNAL,
}

const OTHER: Status = [400, 'FAILED_PRECONDITION']

/** Binding of A2A 1.0 that a request came by (sections 9 and 11), as cards name it. */
export type Binding = 'JSONRPC' | 'HTTP+JSON'

/**
 * Answer to one request of A2A: one text, or for the methods that stream, events. By JSON-RPC an error
 * of a stream is an event; by HTTP+JSON it is a status, as long as nothing was sent.
 */
export class A2aReply extends StreamedReply {
  readonly #binding: Binding
  readonly #isStream: boolean
  #ended = false

  constructor(raw: ServerResponse, binding: Binding, isStream: boolean) {
    super(raw)
    this.#binding = binding
    this.#isStream = isStream
  }

  /** Sends one event of a stream. */
  part(id: RpcId, result: JsonObject): void {
    if (!this.#ended) this.#event({ kind: 'result', id, result })
  }

  /** Names the decision that what follows rests on. */
  decidedBy(decisionId: string): void {
    if (!this.begun) this.raw.setHeader('remit-decision', decisionId)
  }

  /**
   * Sends the answer; of a stream, its last event, or nothing more. `isWhole`: the agent answered without a stream, and an error of it
   * is told so by JSON-RPC, too.
   */
  end(answer: RpcResult | RpcError | undefined, isWhole = false): void {
    if (this.#ended) return
    const refused =
      (this.#binding === 'HTTP+JSON' || isWhole) && answer?.kind === 'error' && !this.begun
    if (this.#isStream && !refused) {
      if (answer) this.#event(answer)
      this.#ended = true
      this.raw.end()
      return
    }
    this.#ended = true
    if (!answer) throw new Error('a request without stream has an answer')
    const status = this.#binding === 'HTTP+JSON' ? statusOf(answer).code : 200
    this.sendWhole(status, { 'content-type': TYPES[this.#binding] }, [this.#text(answer)])
  }

  #event(message: RpcResult | RpcError): void {
    const isError = this.#binding === 'HTTP+JSON' && message.kind === 'error'
    this.sendEvent(this.#text(message), isError ? 'error' : undefined)
  }

  #text(answer: RpcResult | RpcError): string {
    if (this.#binding === 'JSONRPC') return printMessage(answer)
    return printJson(answer.kind === 'result' ? answer.result : statusOf(answer).body)
  }
}

const TYPES: Readonly<Record<Binding, string>> = {
  JSONRPC: 'application/json',
  'HTTP+JSON': 'application/a2a+json',
}

type Status = readonly [code: number, name: string]

/** Writes an answer as HTTP+JSON has it: its status; of an error, the body too (AIP-193; A2A 1.0, section 11.6). */
function statusOf(answer: RpcResult | RpcError): {
  readonly code: number
  readonly body: JsonObject
} {
  if (answer.kind === 'result') return { code: 200, body: answer.result }
  const [code, name] = STATUSES[answer.code] ?? OTHER
  const error = new Map<string, Json>([
    ['code', exact(code)],
    ['status', name],
    ['message', answer.message],
    ['details', answer.data ?? []],
  ])
  return { code, body: new Map([['error', error]]) }
}
