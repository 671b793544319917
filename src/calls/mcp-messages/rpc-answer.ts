import type { OutgoingHttpHeaders } from 'node:http'
import { parseJson } from '../../platform/lib/json.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import type { RpcError, RpcResult } from '../../platform/net/index.ts'

/** Ends the steps of a message with a JSON-RPC answer of our own. */
export class RpcAnswer extends Error {
  readonly reply: RpcResult | RpcError
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  constructor(
    reply: RpcResult | RpcError,
    how: { readonly status?: number; readonly headers?: OutgoingHttpHeaders } = {},
  ) {
    super('answered by the gateway')
    this.name = 'Answered'
    this.reply = reply
    this.status = how.status ?? 200
    this.headers = how.headers ?? {}
  }
}

/** An error answer that says what a problem says. */
export function rpcError(id: RpcError['id'], code: number, problem: Problem): RpcError {
  const data = parseJson(JSON.stringify(problem))
  return { kind: 'error', id, code, message: problem.detail, data }
}
