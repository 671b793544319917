import type { TypedArguments } from '@remit/engine'
import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import type { Verdict } from '../../calls/calls/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import type { LocatedRequest } from '../../edges/gateway/index.ts'
import type { Json, JsonObject } from '../../platform/lib/json.ts'
import type { Redactor } from '../../platform/lib/redaction/redactor.ts'
import type { RpcRequest } from '../../platform/net/index.ts'
import type { OwnedIds } from './ids.ts'
import type { A2aReply } from './reply.ts'

/** Knowledge of a request after each step. Values are added, never changed. */
export interface A2aCaller extends LocatedRequest {
  /** Id of the Remit task that the credential is of. */
  task: string
  ids: OwnedIds
}
export interface OwnedRequest extends A2aCaller {
  rpc: RpcRequest
  answer: A2aReply
}
export interface AgentCall extends OwnedRequest {
  /** Method at the agent. */
  wire: string
  isStream: boolean
  /** Parameters as they are decided on and sent: with the agent's own ids. */
  params: JsonObject
  /** Arguments that are typed, as bounds and policies see them. */
  given: JsonObject
  /** Skill that the message names. */
  skill?: string
  /** Access request as which the client asks about the call. */
  deferred?: AccessRequest
  /** Child task that the call hands on to the agent by a ticket, as it is decided on. */
  handsOn?: string
}
export interface ResolvedAgentCall extends AgentCall {
  action: Action
}
export interface TypedAgentCall extends ResolvedAgentCall {
  arguments: TypedArguments
  /** Ticket of the caller's task that goes on to the agent. */
  ticket?: string
}
export interface PermittedAgentCall extends TypedAgentCall {
  verdict: Verdict<'permit'>
}
export interface EquippedAgentCall extends PermittedAgentCall {
  headers: Readonly<Record<string, string>>
  redactor: Redactor
}

export type Metadata = readonly (readonly [string, Json])[]
