import { type AccessRequest, findRequest } from '../../access-requests/index.ts'
import { withdrawRequest } from '../../approvals/index.ts'
import { isObject, type Json, type JsonObject, parseJson } from '../../lib/json.ts'
import { MCP, type RpcRequest } from '../../net/index.ts'
import { refuseStranger } from '../check-caller.ts'
import { admitted } from './admitted.ts'
import type { PlacedCall } from './call-steps.ts'
import { TASKS_CAPABILITY } from './capabilities.ts'
import { RpcAnswer } from './ended.ts'
import { badParams } from './find-action.ts'
import { inGroup } from './group/in-group.ts'
import { deniedLater, unanswered } from './people/refusal.ts'
import { MCP_CALL } from './pipeline.ts'
import type { McpPorts } from './ports.ts'
import { McpReply } from './reply.ts'
import type { McpConversation } from './session-id.ts'
import { missingCapability } from './stateless/requests.ts'
import { statelessAnswer } from './stateless/results.ts'
import { endedTask, openTask } from './stateless/task-results.ts'

const METHODS = new Set(['tasks/get', 'tasks/update', 'tasks/cancel'])
const REQUEST_ID = /^req_[0-9A-Za-z_-]{1,64}$/

/** Checks whether a method is one of MCP tasks (Tasks extension). */
export function isTaskMethod(method: string): boolean {
  return METHODS.has(method)
}

/** Checks whether the id of an MCP task can be that of an access request. */
export function isRequestId(id: Json | undefined): id is string {
  return typeof id === 'string' && REQUEST_ID.test(id)
}

interface TaskQuestion {
  readonly placed: PlacedCall
  readonly rpc: RpcRequest
  readonly conversation: McpConversation
}

/**
 * Answers a request about an MCP task (Tasks extension): a call that waits for people, under the id
 * of its access request. Once it is approved, the next question executes it, with all that the call
 * itself goes through.
 */
export async function serveTask(
  asked: TaskQuestion,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { conversation, placed, rpc } = asked
  const request = await ownRequest(asked, ports)
  if (request?.state === 'approved' && rpc.method === 'tasks/get') {
    await execute(asked, request, ports)
    return
  }
  const { task } = await admitted(placed, ports)
  if (!conversation.capabilities.includes(TASKS_CAPABILITY))
    throw missingCapability(rpc, { extensions: { [MCP.tasks]: {} } })
  if (!request) throw badParams(rpc.id, 'unknown task')
  if (rpc.method === 'tasks/cancel') await withdrawRequest(ports.decisions, task.id, request.id)
  const result = rpc.method === 'tasks/get' ? found(rpc, request) : EMPTY
  reply.end({ kind: 'result', id: rpc.id, result })
}

const EMPTY: JsonObject = new Map()

/**
 * Finds the access request of a tool's call, of the caller's own task. INVARIANT: to every other
 * caller it is unknown, as if there were none.
 */
async function ownRequest(
  { placed, rpc }: TaskQuestion,
  ports: McpPorts,
): Promise<AccessRequest | undefined> {
  const { resource } = placed
  const id = rpc.params.get('taskId')
  const request = isRequestId(id) ? await findRequest(ports.decisions, id) : undefined
  if (request?.resource !== resource.name || !paramsOf(request)) return undefined
  return (await refuseStranger(placed, ports)).task === request.taskId ? request : undefined
}

/** Parameters of the call as it was frozen; `undefined`: it is no tool's. */
function paramsOf({ call }: AccessRequest): JsonObject | undefined {
  const frozen = parseJson(call, { bytes: Buffer.byteLength(call) })
  if (!isObject(frozen) || frozen.get('method') !== 'tools/call') return undefined
  const body = frozen.get('body')
  const value = isObject(body) ? body.get('value') : undefined
  return isObject(value) ? value : undefined
}

function found(rpc: RpcRequest, request: AccessRequest): JsonObject {
  const call = { ...rpc, method: 'tools/call' }
  switch (request.state) {
    case 'denied':
      return endedTask(deniedLater(call, request).reply, request).result
    case 'expired':
      return endedTask(unanswered(call, request).reply, request).result
    case 'cancelled':
      return openTask(rpc.id, request, 'cancelled').result
    case 'approved':
    case 'pending':
      return openTask(rpc.id, request, 'working').result
  }
}

/** Makes the call, or finds out what became of it. It goes on when nobody waits for the answer. */
async function execute(
  { conversation, placed, rpc }: TaskQuestion,
  request: AccessRequest,
  ports: McpPorts,
): Promise<void> {
  const answer = new McpReply(placed.reply, (told) =>
    statelessAnswer(
      told.kind === 'result' && told.result.has('taskId')
        ? told
        : endedTask(inGroup(told, placed), request),
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
