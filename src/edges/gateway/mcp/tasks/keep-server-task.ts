import { DeferredCall } from '../../../../calls/calls/index.ts'
import {
  createdTask,
  openTaskResult,
  RpcAnswer,
  readTaskId,
  serverWords,
  shownServerTask,
} from '../../../../calls/mcp-messages/index.ts'
import {
  insertTaskStep,
  type ServerTask,
  taskEndOfLife,
} from '../../../../calls/mcp-tasks/index.ts'
import { newId } from '../../../../platform/lib/id.ts'
import type { JsonObject } from '../../../../platform/lib/json.ts'
import type { CompletedCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { reshapeOf } from '../upstream/inject-credential.ts'
import { cancelAtServer } from './ask-server.ts'

/**
 * Keeps a call that its server goes on with as a task, and answers the client with one of ours. The
 * outcome of the call is recorded when the task ends.
 */
export async function keepServerTask(done: CompletedCall, ports: McpPorts): Promise<CompletedCall> {
  const { began, deferred, rpc } = done
  if (!began) return done
  const kept = await keep(done, began, ports).catch((error: unknown) => {
    ports.log.error({ decision: done.verdict.decisionId, err: error }, 'a task was not kept')
    return undefined
  })
  if (!kept) return done
  const shown = shownServerTask(kept, ports.decisions.clock.now(), began)
  const words = serverWords(began, done, reshapeOf(done, ports) !== undefined)
  // The call that people approved has its task already, under the id of the access request.
  throw new RpcAnswer(
    deferred
      ? openTaskResult(rpc.id, shown, 'working', words)
      : createdTask(rpc.id, shown, words ?? 'The server works on it'),
  )
}

/** `undefined`: it has no id that can be kept. */
async function keep(
  { deferred, params, resource, verdict }: CompletedCall,
  began: JsonObject,
  ports: McpPorts,
): Promise<ServerTask | undefined> {
  const { decisions } = ports
  const serverTask = readTaskId(began)
  if (serverTask === undefined) return undefined
  const createdAt = decisions.clock.now()
  const { deadline } = verdict.ticket
  const task: ServerTask = {
    id: deferred?.id ?? newId('mcp_task', decisions.random),
    decisionId: verdict.decisionId,
    taskId: verdict.task.id,
    resource: resource.name,
    state: 'open',
    serverTask,
    upstream: resource.upstream,
    params,
    createdAt,
    expiresAt: taskEndOfLife(began.get('ttlMs'), createdAt, deadline),
  }
  try {
    await new DeferredCall(decisions, verdict.decisionId).leaveOpen([
      insertTaskStep(decisions, task),
    ])
  } catch (error) {
    await cancelAtServer(task, resource, ports)
    throw error
  }
  return task
}
