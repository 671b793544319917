import { Denied } from '../errors.ts'
import type { Task } from '../task/task.ts'
import type { TaskRequestInit } from '../task/task-fetch.ts'

/** The `fetch` of a transport of the official MCP SDK. */
export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * Statuses that mean something to MCP itself: no stream is offered here, this session is over. The
 * transport knows what to do.
 */
const FOR_THE_TRANSPORT = new Set([404, 405])

/**
 * A `fetch` for `StreamableHTTPClientTransport`, so that every message of the client is a call of the task:
 * `new StreamableHTTPClientTransport(url, { fetch: createMcpFetch(task) })`. The gateway holds calls that people have to approve,
 * and tells the model the rest; what HTTP refuses is thrown as `task.fetch` throws it.
 */
export function createMcpFetch(
  task: Pick<Task, 'fetch'>,
  options: Pick<TaskRequestInit, 'resource' | 'onApproval'> = {},
): McpFetch {
  return async (url, init = {}) => {
    try {
      return await task.fetch(url, { ...init, ...options })
    } catch (error) {
      if (error instanceof Denied && error.response && FOR_THE_TRANSPORT.has(error.status))
        return error.response
      throw error
    }
  }
}
