import { COMPLETE, completionResult } from '../../catalog/argument-types/index.ts'
import { isObject, type Json } from '../../platform/lib/json.ts'
import type { Redactor } from '../../platform/lib/redaction/redactor.ts'
import {
  MCP,
  RPC,
  type RpcError,
  type RpcRequest,
  type RpcResult,
} from '../../platform/net/index.ts'
import { type Reshape, reshapeResult } from '../../policy/obligations/index.ts'
import type { Verdict } from '../calls/index.ts'
import { scrub } from './scrub.ts'
import { isOurs, META } from './tool-error.ts'

/**
 * Error code of URL elicitation (revision 2025-11-25): a server may not send people anywhere in our
 * name.
 */
const ELICITATION_REQUIRED = -32042
/**
 * Members of an answer to a call, in the revisions that are spoken here. A request for input and an
 * MCP task are not among them, so clients of newer revisions than the agreed one see neither.
 */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  'tools/call': ['content', 'structuredContent', 'isError'],
  'prompts/get': ['description', 'messages'],
  'resources/read': ['contents'],
}

/** Codes that speak of one hop only, or send people somewhere. */
const NOT_PASSED: ReadonlySet<number> = new Set([ELICITATION_REQUIRED, ...Object.values(MCP.error)])

/** Codes for a resource that a server does not have: their data name it ("Resources", Error Handling). */
const NOT_FOUND: ReadonlySet<number> = new Set([-32002, RPC.invalidParams])

/** Members of `_meta` that each hop says for itself. */
const HOP: ReadonlySet<string> = new Set(Object.values(MCP.meta))

/** Call that a server has answered. */
interface AnsweredCall {
  readonly rpc: RpcRequest
  /** Removes secrets from an answer. */
  readonly redactor: Redactor
  readonly verdict: Pick<Verdict<'permit'>, 'decisionId'>
}

/**
 * Builds the server's answer for the client: under the client's id, without our secrets, with the
 * decision's id.
 * INVARIANT: only we write members under our own names: a server cannot speak of decisions, nor
 * send people to approve anything.
 */
export function forwardedAnswer(
  answer: RpcResult | RpcError,
  { redactor, rpc, verdict }: AnsweredCall,
): RpcResult | RpcError {
  const { id, method } = rpc
  // Whether this server completes anything was not asked when it was imported.
  if (answer.kind === 'error' && method === COMPLETE && answer.code === RPC.methodNotFound)
    return forwardedAnswer({ kind: 'result', id, result: new Map() }, { redactor, rpc, verdict })
  if (answer.kind === 'error') {
    const code = NOT_PASSED.has(answer.code) ? RPC.internalError : answer.code
    const words =
      answer.code === ELICITATION_REQUIRED ? 'not offered' : redactor.text(answer.message)
    const uri = NOT_FOUND.has(code) ? rpc.params.get('uri') : undefined
    return { kind: 'error', id, code, message: words, data: uri && new Map([['uri', uri]]) }
  }
  const result = new Map<string, Json>()
  const said = scrub(answer.result, redactor)
  const meta = said.get('_meta')
  const theirs = isObject(meta) ? [...meta].filter(([name]) => !isOurs(name) && !HOP.has(name)) : []
  const _meta = new Map([...theirs, [META.decision, verdict.decisionId]])
  if (method === COMPLETE)
    return { kind: 'result', id, result: completionResult(_meta, said.get('completion')) }
  for (const name of MEMBERS[method] ?? []) {
    const value = said.get(name)
    if (value !== undefined) result.set(name, value)
  }
  result.set('_meta', _meta)
  return { kind: 'result', id, result }
}

/**
 * Changes an answer as policies require; `undefined` when it cannot be changed so. Members that a
 * server sends beside its answer, and the texts of its errors, are left out: nothing can be taken
 * out of them.
 */
export function reshaped(
  passed: RpcResult | RpcError,
  { rpc, verdict }: Omit<AnsweredCall, 'redactor'>,
  reshape: Reshape,
): RpcResult | RpcError | undefined {
  if (passed.kind === 'error') return { ...passed, message: 'the server answered with an error' }
  const told = reshapeResult(rpc.method, passed.result, reshape)
  if (!told) return undefined
  const meta = new Map([[META.decision, verdict.decisionId]])
  return { ...passed, result: new Map<string, Json>([...told, ['_meta', meta]]) }
}
