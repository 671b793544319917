import { type AccessRequest, findRequest } from '../../../approvals/access-requests/index.ts'
import type { McpConversation } from '../../../calls/mcp-sessions/index.ts'
import { findServerTask, type ServerTask } from '../../../calls/mcp-tasks/index.ts'
import type { Json } from '../../../platform/lib/json.ts'
import type { RpcRequest } from '../../../platform/net/index.ts'
import type { PlacedCall } from './call-steps.ts'
import type { McpPorts } from './ports.ts'

const METHODS = new Set(['tasks/get', 'tasks/update', 'tasks/cancel'])
const TASK_ID = /^(?:req|mct)_[0-9A-Za-z_-]{1,64}$/

/** Checks whether a method is one of MCP tasks (Tasks extension). */
export function isTaskMethod(method: string): boolean {
  return METHODS.has(method)
}

/** Request of a client about an MCP task. */
export interface TaskQuestion {
  readonly placed: PlacedCall
  /** Method: one of MCP tasks. */
  readonly rpc: RpcRequest
  /** Conversation without a session. */
  readonly conversation: McpConversation
}

/** Records behind the id of an MCP task. Both: the call was approved, and its server goes on with it. */
export interface TaskRecords {
  /** Call that waits for people, or waited. */
  readonly request?: AccessRequest | undefined
  /** Call that its server goes on with. */
  readonly server?: ServerTask | undefined
}

/** Finds whatever an MCP task is. Whose it is is not checked. */
export async function findTaskRecords(
  id: Json | undefined,
  { decisions }: McpPorts,
): Promise<TaskRecords> {
  if (typeof id !== 'string' || !TASK_ID.test(id)) return {}
  const [request, server] = await Promise.all([
    id.startsWith('req_') ? findRequest(decisions, id) : undefined,
    findServerTask(decisions, id),
  ])
  return { request, server }
}
