import type { TypedArguments } from '@remit/engine'
import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import type { Verdict } from '../../../calls/calls/index.ts'
import type { LogLevel, McpConversation, SealedState } from '../../../calls/mcp-sessions/index.ts'
import type { Action } from '../../../catalog/catalog/index.ts'
import type { JsonObject } from '../../../platform/lib/json.ts'
import type { Redactor } from '../../../platform/lib/redaction/redactor.ts'
import type {
  McpPeer,
  RpcError,
  RpcId,
  RpcMessage,
  RpcRequest,
  RpcResult,
} from '../../../platform/net/index.ts'
import type { ReportedAmount } from '../../../tasks/budgets/index.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import type { LocatedRequest } from '../passage.ts'
import type { McpReply } from './reply.ts'

/** Knowledge of a request after each step of its arrival. Values are added, never changed. */
export interface PlacedMessage extends LocatedRequest {
  /** The message; `undefined`: the request ends the session, or asks for its stream. */
  rpc: RpcMessage | undefined
}
export interface PlacedCall extends PlacedMessage {
  /**
   * The conversation; `undefined`: the request begins one. Its owner is not checked before the
   * token is.
   */
  conversation: McpConversation | undefined
}

/** Knowledge of a call after each step. */
export interface CallRequest extends LocatedRequest {
  rpc: RpcRequest
  conversation: McpConversation
  answer: McpReply
  /** Aborted when the client does not want the answer any more. */
  cancelled: AbortSignal
  /** Access request as which the client asks about the call later (Tasks extension). */
  deferred?: AccessRequest
}
export interface ResolvedCall extends CallRequest {
  action: Action
  /** Parameters as sent upstream, without `_meta`. */
  params: JsonObject
  /** Token under which the client asked to be told of progress. */
  progressToken: RpcId | undefined
  /** Least level of the server's log messages that the client wants to hear of. */
  logLevel?: LogLevel
  /** Answers of the client to what it was asked before, in the same call. */
  input?: CallInput
}
export interface CallInput extends SealedState {
  readonly responses: JsonObject
}
export interface TypedCall extends ResolvedCall {
  arguments: TypedArguments
}
export interface DecidedCall extends TypedCall {
  call: Call
  /** Id of the caller's task. Null: no caller was identified. */
  task: string | null
  verdict: Verdict
}
export interface PermittedCall extends DecidedCall {
  verdict: Verdict<'permit'>
}
/** Parts of a permitted call that its server sees, and who is told of it while it is under way. */
export type SendableCall = Pick<
  PermittedCall,
  | 'action'
  | 'cancelled'
  | 'conversation'
  | 'deferred'
  | 'input'
  | 'logLevel'
  | 'params'
  | 'progressToken'
  | 'resource'
  | 'rpc'
  | 'verdict'
> & { answer: Pick<McpReply, 'ask' | 'gone' | 'notify' | 'progress'> }
export interface EquippedPeer {
  peer: McpPeer
  /** Removes secrets from an answer. */
  redactor: Redactor
}
export type SendingCall = SendableCall & EquippedPeer
export type PreparedCall = PermittedCall & EquippedPeer
/** A call that has ended, with its outcome for the ledger and for the client. */
export type CompletedCall = PreparedCall & EndedCall
export interface EndedCall {
  outcome: CallOutcome
  /**
   * Task as which its server goes on with it. The outcome is then the one that is recorded if the task
   * cannot be kept.
   */
  began?: JsonObject
}

export interface CallOutcome {
  readonly state: 'answered' | 'failed' | 'not_sent'
  readonly status: number | undefined
  readonly latencyMs: number
  /** SHA-256 of the answer as it goes to the client, base64url. */
  readonly digest: string | undefined
  /** Problem code, when there is no answer. */
  readonly reason: string | undefined
  /** Amounts that the answer states, when the permit settles limits by them. */
  readonly said?: ReportedAmount
  readonly reply: RpcResult | RpcError
}
