import type { TypedArguments } from '@remit/engine'
import type { Permitted as Permit, Verdict } from '../../calls/index.ts'
import type { Action } from '../../catalog/index.ts'
import type { Call } from '../../facts/index.ts'
import type { JsonObject } from '../../lib/json.ts'
import type {
  McpPeer,
  RpcError,
  RpcId,
  RpcMessage,
  RpcRequest,
  RpcResult,
} from '../../net/index.ts'
import type { ReportedAmount } from '../../tasks/index.ts'
import type { Located } from '../passage.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { McpReply } from './reply.ts'
import type { McpConversation } from './session-id.ts'

/** What is known of a request after each step of its arrival. Values are added, never changed. */
export interface Heard extends Located {
  /** Nothing: the request ends the session. */
  rpc: RpcMessage | undefined
}
export interface Placed extends Heard {
  /** Nothing: the request begins one. Whose it is is not known before the token has been looked at. */
  conversation: McpConversation | undefined
}

/** A call on its way, after each step. */
export interface CallRequest extends Located {
  rpc: RpcRequest
  conversation: McpConversation
  answer: McpReply
  /** The client does not want the answer any more. */
  cancelled: AbortSignal
}
export interface ResolvedCall extends CallRequest {
  action: Action
  /** What goes upstream, without `_meta`. */
  params: JsonObject
  /** Where the client wants to hear of progress. */
  progressToken: RpcId | undefined
}
export interface TypedCall extends ResolvedCall {
  arguments: TypedArguments
}
export interface Decided extends TypedCall {
  call: Call
  verdict: Verdict
}
export interface PermittedCall extends TypedCall {
  verdict: Permit
}
export interface PreparedCall extends PermittedCall {
  peer: McpPeer
  /** Takes out of an answer what must not come back. */
  redactor: Redactor
}
/** How it ended, for the books and for the client. */
export interface CompletedCall extends PreparedCall {
  outcome: CallOutcome
}

export interface CallOutcome {
  readonly state: 'answered' | 'failed' | 'not_sent'
  readonly status: number | undefined
  readonly latencyMs: number
  /** Of the answer as it goes to the client, base64url. */
  readonly digest: string | undefined
  /** A code, where there is no answer. */
  readonly reason: string | undefined
  /** What the answer says of amounts, where the permit settles something by it. */
  readonly said?: ReportedAmount
  readonly reply: RpcResult | RpcError
}
