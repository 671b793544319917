import { isObject, type Json } from '../../../lib/json.ts'
import { RPC, type RpcError, type RpcResult } from '../../../net/index.ts'
import type { Reshape } from '../../obligations/reshape.ts'
import { reshapeResult } from '../../obligations/reshape-result.ts'
import type { PreparedCall } from '../passage.ts'
import { isOurs, META } from '../tool-error.ts'
import { scrub } from './scrub.ts'

/** URL elicitation as an error (revision 2025-11-25): a server may not send people anywhere in our name. */
const ELICITATION_REQUIRED = -32042
/**
 * What an answer to a call is made of, in the revisions that are spoken here. A wish for input or an MCP task is not among it, so
 * clients that know more than they agreed on see none.
 */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  'tools/call': ['content', 'structuredContent', 'isError'],
  'prompts/get': ['description', 'messages'],
  'resources/read': ['contents'],
}

/**
 * The server's answer as the client gets it: under the client's id, without our secrets, with the decision's id.
 * INVARIANT: what stands under our own names is ours: a server cannot speak of decisions, nor send people to approve anything.
 */
export function passedOn(
  answer: RpcResult | RpcError,
  { redactor, rpc, verdict }: Pick<PreparedCall, 'redactor' | 'rpc' | 'verdict'>,
): RpcResult | RpcError {
  const { id, method } = rpc
  if (answer.kind === 'error') {
    const code = answer.code === ELICITATION_REQUIRED ? RPC.internalError : answer.code
    const words = code === answer.code ? redactor.text(answer.message) : 'not offered'
    return { kind: 'error', id, code, message: words, data: undefined }
  }
  const result = new Map<string, Json>()
  const said = scrub(answer.result, redactor)
  for (const name of MEMBERS[method] ?? []) {
    const value = said.get(name)
    if (value !== undefined) result.set(name, value)
  }
  const meta = said.get('_meta')
  const theirs = isObject(meta) ? [...meta].filter(([name]) => !isOurs(name)) : []
  result.set('_meta', new Map([...theirs, [META.decision, verdict.decisionId]]))
  return { kind: 'result', id, result }
}

/**
 * The same as policies say it may be told; nothing when it cannot be made that. What a server says beside its answer, and the
 * words of its errors, are not told: nothing can be taken out of them.
 */
export function reshaped(
  passed: RpcResult | RpcError,
  { rpc, verdict }: Pick<PreparedCall, 'rpc' | 'verdict'>,
  reshape: Reshape,
): RpcResult | RpcError | undefined {
  if (passed.kind === 'error') return { ...passed, message: 'the server answered with an error' }
  const told = reshapeResult(rpc.method, passed.result, reshape)
  if (!told) return undefined
  const meta = new Map([[META.decision, verdict.decisionId]])
  return { ...passed, result: new Map<string, Json>([...told, ['_meta', meta]]) }
}
