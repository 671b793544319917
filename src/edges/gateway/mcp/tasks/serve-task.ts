import { TASKS_CAPABILITY } from '../../../../calls/mcp-sessions/index.ts'
import { MCP } from '../../../../platform/net/index.ts'
import { refuseStranger } from '../../check-caller.ts'
import { admitted } from '../admitted.ts'
import { badParams } from '../find-action.ts'
import type { McpPorts } from '../ports.ts'
import type { McpReply } from '../reply.ts'
import { missingCapability } from '../stateless/requests.ts'
import { findTaskRecords, type TaskQuestion, type TaskRecords } from '../task-methods.ts'
import { paramsOf, serveApprovalTask } from './approval-task.ts'
import { serveServerTask } from './server-task.ts'

/**
 * Answers a request about an MCP task (Tasks extension): a call that waits for people, or one that
 * its server goes on with.
 */
export async function serveTask(
  asked: TaskQuestion,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { conversation, placed, rpc } = asked
  const declared = conversation.capabilities.includes(TASKS_CAPABILITY)
  const { request, server } = declared ? await ownTask(asked, ports) : {}
  if (server) return serveServerTask(asked, server, reply, ports)
  if (request) return serveApprovalTask(asked, request, reply, ports)
  await admitted(placed, ports)
  throw declared
    ? badParams(rpc.id, 'unknown task')
    : missingCapability(rpc, { extensions: { [MCP.tasks]: {} } })
}

/**
 * Finds a task of the caller's own task, at this resource. INVARIANT: to every other caller it is
 * unknown, as if there were none.
 */
async function ownTask({ placed, rpc }: TaskQuestion, ports: McpPorts): Promise<TaskRecords> {
  const { resource } = placed
  const { request, server } = await findTaskRecords(rpc.params.get('taskId'), ports)
  const found = server ?? (request && paramsOf(request) ? request : undefined)
  if (found?.resource !== resource.name) return {}
  const { task } = await refuseStranger(placed, ports)
  return task === found.taskId ? { request, server } : {}
}
