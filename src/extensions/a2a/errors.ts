import { isRecorded, type Verdict } from '../../calls/calls/index.ts'
import { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import type { Json } from '../../platform/lib/json.ts'
import { RPC, type RpcError, type RpcId } from '../../platform/net/index.ts'

/** Error codes of A2A 1.0 (section 5.4); its own table, beside JSON-RPC's. */
export const CODES = {
  TASK_NOT_FOUND: -32001,
  TASK_NOT_CANCELABLE: -32002,
  PUSH_NOTIFICATION_NOT_SUPPORTED: -32003,
  UNSUPPORTED_OPERATION: -32004,
  CONTENT_TYPE_NOT_SUPPORTED: -32005,
  INVALID_AGENT_RESPONSE: -32006,
  VERSION_NOT_SUPPORTED: -32009,
  /** Code of ours, from the range that A2A leaves to agents. */
  PERMISSION_DENIED: -32050,
} as const
type Reason = keyof typeof CODES

type Metadata = Readonly<Record<string, string>>

/** An error of A2A's own table, or of ours. */
export function a2aError(
  id: RpcId | undefined,
  reason: Reason,
  words: string,
  metadata: Metadata = {},
): RpcAnswer {
  return new RpcAnswer(
    error(id, { code: CODES[reason], words, reason, domain: 'a2a-protocol.org', metadata }),
  )
}

/** An error of JSON-RPC. */
export function rpcFailure(
  id: RpcId | undefined,
  code: keyof typeof RPC,
  words: string,
  metadata: Metadata = {},
): RpcAnswer {
  return new RpcAnswer(
    error(id, { code: RPC[code], words, reason: 'REQUEST_FAILED', domain: 'remit', metadata }),
  )
}

/** Answer to a denied call: the reason, and what would be enough. */
export function denial(id: RpcId, verdict: Verdict<'deny'>): RpcAnswer {
  const { decisionId, detail, enough, reason, retryAfter } = verdict
  const metadata = {
    ...(isRecorded(verdict) ? { decision_id: decisionId } : {}),
    enough,
    ...(retryAfter === undefined ? {} : { retry_after: String(retryAfter) }),
  }
  const code = CODES.PERMISSION_DENIED
  const words = `Not executed: ${detail}`
  return new RpcAnswer(error(id, { code, words, reason, domain: 'remit', metadata }))
}

/** Errors of an agent that mean to the client what they mean here. */
const PASSED: ReadonlyMap<number, Reason> = new Map(
  (Object.entries(CODES) as [Reason, number][]) // as: the keys above
    .filter(([, code]) => code <= -32001 && code >= -32006)
    .map(([reason, code]) => [code, reason]),
)

/** Error that an agent answered with. Codes that speak of one hop only become internal errors. */
export function passedError(id: RpcId, code: number, words: string, metadata: Metadata): RpcAnswer {
  const known = PASSED.get(code)
  if (known) return a2aError(id, known, words, metadata)
  const isPassed = code === RPC.methodNotFound || code === RPC.invalidParams
  const passed = isPassed ? code : RPC.internalError
  return new RpcAnswer(
    error(id, { code: passed, words, reason: 'AGENT_FAILED', domain: 'remit', metadata }),
  )
}

/** Answer to a call about a task that people have to approve: made again, it goes on after that. */
export function pending(id: RpcId, verdict: Verdict<'requestable'>): RpcAnswer {
  const { decisionId, detail, reason, request } = verdict
  const metadata = { decision_id: decisionId, approval_page: request.page }
  const words = `Not executed: ${detail}; people answer at ${request.page}`
  const code = CODES.PERMISSION_DENIED
  return new RpcAnswer(error(id, { code, words, reason, domain: 'remit', metadata }))
}

export function taskNotFound(id: RpcId): RpcAnswer {
  return a2aError(id, 'TASK_NOT_FOUND', 'there is no such task')
}

function error(
  id: RpcId | undefined,
  said: {
    readonly code: number
    readonly words: string
    readonly reason: string
    readonly domain: string
    readonly metadata: Metadata
  },
): RpcError {
  const { code, domain, metadata, reason, words } = said
  const info = new Map<string, Json>([
    ['@type', 'type.googleapis.com/google.rpc.ErrorInfo'],
    ['reason', reason],
    ['domain', domain],
    ['metadata', new Map(Object.entries(metadata))],
  ])
  return { kind: 'error', id, code, message: words, data: [info] }
}
