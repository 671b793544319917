import { isObject, type Json, parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { RpcError, RpcResult } from '../../platform/net/index.ts'
import { isJsonType } from '../../policy/obligations/index.ts'
import { MAX_READ, type ReportedAmount, reportedAmount } from '../../tasks/budgets/index.ts'

/**
 * Keeps the bytes of an HTTP answer as they pass, until all are there, and reads the amounts in it.
 */
export class AnswerReader {
  readonly #parts: Buffer[] = []
  #size = 0

  push(chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > MAX_READ) this.#parts.length = 0
    else this.#parts.push(chunk)
  }

  get isTooLarge(): boolean {
    return this.#size > MAX_READ
  }

  /** Reads the amounts once the whole answer is there. */
  said(contentType: string): ReportedAmount {
    if (this.isTooLarge) return { unsaid: 'too_large' }
    return isJsonType(contentType) ? saidIn(Buffer.concat(this.#parts)) : { unsaid: 'not_json' }
  }
}

/**
 * Reads the amounts in an answer to an MCP call: in its `structuredContent`, or else in its only
 * text, which has to be JSON.
 */
export function saidInResult(answer: RpcResult | RpcError): ReportedAmount {
  if (answer.kind === 'error') return { unsaid: 'failed' }
  const structured = answer.result.get('structuredContent')
  if (structured !== undefined) return reportedAmount(structured)
  const parts: Json | undefined = answer.result.get('content') ?? answer.result.get('contents')
  const items: readonly Json[] = Array.isArray(parts) ? parts : []
  const [item, ...more] = items
  const text = isObject(item) && more.length === 0 ? item.get('text') : undefined
  return typeof text === 'string' ? saidIn(text) : { unsaid: 'not_json' }
}

function saidIn(text: Buffer | string): ReportedAmount {
  try {
    return reportedAmount(parseJson(text, { bytes: MAX_READ }))
  } catch (error) {
    if (error instanceof Problem) return { unsaid: 'not_json' }
    throw error
  }
}
