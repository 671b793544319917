import { ExactNumber, type Json, type JsonObject } from '../../lib/json.ts'
import { RPC, type RpcError, type RpcId, type RpcResult } from '../../net/index.ts'
import { RpcAnswer } from './ended.ts'

/** MCP reserves prefixes of standards; a prefix is labels and a slash ("_meta", General fields). */
export const META = {
  decision: 'remit/decision',
  approval: 'remit/approval',
  /** In so many seconds the same call fits again. */
  retryAfter: 'remit/retry-after',
  /** This was answered before, and is told again. */
  told: 'remit/told-again',
} as const

/** Names that nobody else may use towards a client. */
export function isOurs(name: string): boolean {
  return /^remit\//i.test(name)
}

export type Meta = Readonly<Record<string, Json>>

/** A call that was not executed, in words for a model. */
export function toolError(id: RpcId, text: string, meta: Meta = {}): RpcAnswer {
  return new RpcAnswer(result(id, text, meta))
}

function result(id: RpcId, text: string, meta: Meta): RpcResult {
  return {
    kind: 'result',
    id,
    result: new Map<string, Json>([
      ['content', [textContent(text)]],
      ['isError', true],
      ...(Object.keys(meta).length === 0
        ? []
        : [['_meta', new Map(Object.entries(meta))] as [string, Json]]),
    ]),
  }
}

export function textContent(text: string): JsonObject {
  return new Map([
    ['type', 'text'],
    ['text', text],
  ])
}

/** Not permitted: of the range that JSON-RPC leaves to servers. */
const NOT_PERMITTED = -32001

/** The same where there is no tool to answer: an error of the protocol, with the same facts beside it. */
export function callError(id: RpcId, text: string, meta: Meta, code = NOT_PERMITTED): RpcError {
  return { kind: 'error', id, code, message: text, data: new Map(Object.entries(meta)) }
}

/** To a tool's caller as its result, to others as an error. */
export function notExecuted(
  { id, method }: { readonly id: RpcId; readonly method: string },
  text: string,
  meta: Meta,
): RpcAnswer {
  return method === 'tools/call'
    ? toolError(id, text, meta)
    : new RpcAnswer(callError(id, text, meta))
}

/** What failed on the way, for whoever called. */
export function failedCall(
  { id, method }: { readonly id: RpcId; readonly method: string },
  text: string,
  meta: Meta,
): RpcResult | RpcError {
  return method === 'tools/call'
    ? result(id, text, meta)
    : callError(id, text, meta, RPC.internalError)
}

export function exact(value: number): ExactNumber {
  return new ExactNumber(String(value))
}
