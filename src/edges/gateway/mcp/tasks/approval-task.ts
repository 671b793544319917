import type { AccessRequest } from '../../../../approvals/access-requests/index.ts'
import { withdrawRequest } from '../../../../approvals/approvals/index.ts'
import {
  endedTask,
  isTask,
  openTaskResult,
  RpcAnswer,
  shownRequest,
  statelessAnswer,
} from '../../../../calls/mcp-messages/index.ts'
import { isObject, type JsonObject, parseJson } from '../../../../platform/lib/json.ts'
import type { RpcRequest } from '../../../../platform/net/index.ts'
import { admitted } from '../admitted.ts'
import { inGroup } from '../group/in-group.ts'
import { deniedLater, unanswered } from '../people/refusal.ts'
import { MCP_CALL } from '../pipeline.ts'
import type { McpPorts } from '../ports.ts'
import { McpReply } from '../reply.ts'
import type { TaskQuestion } from '../task-methods.ts'

/**
 * Answers a request about a call that waits for people, under the id of its access request. Once it
 * is approved, the next question executes it, with all that the call itself goes through.
 */
export async function serveApprovalTask(
  asked: TaskQuestion,
  request: AccessRequest,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { placed, rpc } = asked
  if (request.state === 'approved' && rpc.method === 'tasks/get') {
    await execute(asked, request, ports)
    return
  }
  const { task } = await admitted(placed, ports)
  if (rpc.method === 'tasks/cancel') await withdrawRequest(ports.decisions, task.id, request.id)
  const result = rpc.method === 'tasks/get' ? found(rpc, request) : EMPTY
  reply.end({ kind: 'result', id: rpc.id, result })
}

const EMPTY: JsonObject = new Map()

/** Reads the parameters of the call as it was frozen; `undefined`: it is no tool's. */
export function paramsOf({ call }: AccessRequest): JsonObject | undefined {
  const frozen = parseJson(call, { bytes: Buffer.byteLength(call) })
  if (!isObject(frozen) || frozen.get('method') !== 'tools/call') return undefined
  const body = frozen.get('body')
  const value = isObject(body) ? body.get('value') : undefined
  return isObject(value) ? value : undefined
}

function found(rpc: RpcRequest, request: AccessRequest): JsonObject {
  const shown = shownRequest(request)
  const call = { ...rpc, method: 'tools/call' }
  switch (request.state) {
    case 'denied':
      return endedTask(deniedLater(call, request).reply, shown).result
    case 'expired':
      return endedTask(unanswered(call, request).reply, shown).result
    case 'cancelled':
      return openTaskResult(rpc.id, shown, 'cancelled').result
    case 'approved':
    case 'pending':
      return openTaskResult(rpc.id, shown, 'working').result
  }
}

/** Makes the call, or finds its outcome. It goes on when no client waits for the answer. */
async function execute(
  { conversation, placed, rpc }: TaskQuestion,
  request: AccessRequest,
  ports: McpPorts,
): Promise<void> {
  const answer = new McpReply(placed.reply, (told) =>
    statelessAnswer(
      isTask(told) ? told : endedTask(inGroup(told, placed), shownRequest(request)),
      rpc.method,
      placed.audience ?? placed.resource,
    ),
  )
  const call = { ...rpc, method: 'tools/call', params: paramsOf(request) ?? EMPTY }
  const cancelled = new AbortController().signal
  try {
    await MCP_CALL.run(
      { ...placed, rpc: call, conversation, answer, cancelled, deferred: request },
      ports,
    )
  } catch (error) {
    if (!(error instanceof RpcAnswer)) throw error
    answer.end(error.reply, error)
  }
}
