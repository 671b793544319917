import { ExactNumber, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { RPC, type RpcError, type RpcId, type RpcResult } from '../../platform/net/index.ts'
import { RpcAnswer } from './rpc-answer.ts'

/**
 * Names of our `_meta` members. MCP reserves prefixes of standards; a prefix is labels and a slash
 * ("_meta", General fields).
 */
export const META = {
  decision: 'remit/decision',
  approval: 'remit/approval',
  /** Seconds after which the same call fits the limits again. */
  retryAfter: 'remit/retry-after',
  /** Member of a group that offers an entry of a list, and the entry's name there. */
  server: 'remit/server',
  name: 'remit/name',
  /** Way to get an entry of a list that cannot be called at once: `approval` or `authorization`. */
  asks: 'remit/asks',
  /** Authority that would be enough, as a client asks for it. */
  request: 'remit/request',
  /** Names of entries of other members that look like this one. */
  looksLike: 'remit/looks-like',
  /** True when this was answered before, and is repeated. */
  told: 'remit/told-again',
} as const

/** Checks for names that only Remit may use towards a client. */
export function isOurs(name: string): boolean {
  return /^remit\//i.test(name)
}

export type Meta = Readonly<Record<string, Json>>

/** Tool result for a call that was not executed, in words for a model. */
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

/** Error code "not permitted", from the range that JSON-RPC leaves to servers. */
export const NOT_PERMITTED = -32001

/**
 * Error for a call that was not executed where there is no tool to answer: an error of the
 * protocol, with the facts that `toolError` gives beside it.
 */
export function callError(id: RpcId, text: string, meta: Meta, code = NOT_PERMITTED): RpcError {
  return { kind: 'error', id, code, message: text, data: new Map(Object.entries(meta)) }
}

/**
 * Answer to a call that was not executed: a result for the caller of a tool, an error for every
 * other method.
 */
export function notExecuted(
  { id, method }: { readonly id: RpcId; readonly method: string },
  text: string,
  meta: Meta,
): RpcAnswer {
  return method === 'tools/call'
    ? toolError(id, text, meta)
    : new RpcAnswer(callError(id, text, meta))
}

/**
 * Answer to a call that failed on its way: a result for the caller of a tool, an error for every
 * other method.
 */
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
