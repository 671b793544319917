import {
  type AdmittedRequest,
  dependencyViews,
  mayContinue,
} from '../../../../calls/calls/index.ts'
import type { AbortReason } from '../../../../platform/revocation/index.ts'
import type { McpPorts } from '../ports.ts'
import type { McpReply } from '../reply.ts'

/** Lists that a stream tells of, by their names in a filter of 2026-07-28. */
export const LISTS: ReadonlyMap<string, string> = new Map([
  ['toolsListChanged', 'notifications/tools/list_changed'],
  ['promptsListChanged', 'notifications/prompts/list_changed'],
  ['resourcesListChanged', 'notifications/resources/list_changed'],
])

/**
 * Waits until something that the lists of a task rest on has changed, or the client has gone; keeps the
 * stream and the watch over the servers' definitions going until then. Lists rest on all that calls
 * rest on: policies, the catalog, the agent, the task.
 */
export async function untilChanged(
  who: AdmittedRequest,
  reply: McpReply,
  leave: AbortSignal,
  { catalog, decisions, mcp, running, wait, watch }: McpPorts,
): Promise<AbortReason | undefined> {
  const leaving = new AbortController()
  let why: AbortReason | undefined
  const unwatch = running.watch(
    { views: dependencyViews(who), lives: () => mayContinue(decisions, who) },
    (reason) => {
      why = reason
      leaving.abort()
    },
  )
  const until = AbortSignal.any([leaving.signal, reply.gone, leave])
  const servers = (await catalog.current()).at(who.resource.identifier).resources
  try {
    while (!until.aborted) {
      await wait(mcp.progressEvery, until)
      for (const server of servers) void watch.begin(server)
      reply.keepAlive()
    }
  } finally {
    unwatch()
  }
  return why
}
