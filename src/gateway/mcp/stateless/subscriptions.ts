import { type AdmittedRequest, groundOf, mayContinue } from '../../../calls/index.ts'
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts'
import { MCP, RPC, type RpcRequest } from '../../../net/index.ts'
import { resourcesAt } from '../../../resource-groups/index.ts'
import type { AbortReason } from '../../active-responses.ts'
import { admitted } from '../admitted.ts'
import type { PlacedCall } from '../call-steps.ts'
import { RpcAnswer } from '../ended.ts'
import { badParams } from '../find-action.ts'
import type { McpPorts } from '../ports.ts'
import type { McpReply } from '../reply.ts'
import { callError } from '../tool-error.ts'

/** Notifications that a client may ask for, by their names in its filter. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['toolsListChanged', 'notifications/tools/list_changed'],
  ['promptsListChanged', 'notifications/prompts/list_changed'],
  ['resourcesListChanged', 'notifications/resources/list_changed'],
])

/**
 * Serves `subscriptions/listen` (2026-07-28, "Subscriptions"). Lists of a task rest on all that its
 * calls rest on: when some of it has changed (policies, the catalog, the agent, the task), the lists
 * may be others, which is told, and the stream ends. The client asks anew, for both.
 */
export async function listen(
  placed: PlacedCall,
  rpc: RpcRequest,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const who = await admitted(placed, ports)
  const wanted = rpc.params.get('notifications')
  if (!isObject(wanted)) throw badParams(rpc.id, '`notifications` has to be an object')
  const lists = [...LISTS].filter(([name]) => wanted.get(name) === true)
  const release = ports.desk.listen(who.task.id)
  if (!release)
    throw new RpcAnswer(callError(rpc.id, 'too many subscriptions', {}, RPC.internalError))
  const _meta: JsonObject = new Map([[MCP.meta.subscriptionId, rpc.id]])
  const tell = (method: string, more: readonly [string, Json][] = []) =>
    reply.notify(method, new Map<string, Json>([...more, ['_meta', _meta]]))
  const honoured = new Map(lists.map(([name]) => [name, true]))
  tell('notifications/subscriptions/acknowledged', [['notifications', honoured]])
  const why = await over(who, reply, ports).finally(release)
  if (why === 'ended') for (const [, method] of lists) tell(method)
  reply.end({ kind: 'result', id: rpc.id, result: new Map([['_meta', _meta]]) })
}

/**
 * Waits until something that the lists rest on has changed, or nobody listens; keeps the stream and
 * the watch over the server's definitions going until then.
 */
async function over(
  who: AdmittedRequest,
  reply: McpReply,
  { catalog, decisions, mcp, running, wait, watch }: McpPorts,
): Promise<AbortReason | undefined> {
  const leaving = new AbortController()
  let why: AbortReason | undefined
  const unwatch = running.watch(
    { views: groundOf(who), lives: () => mayContinue(decisions, who) },
    (reason) => {
      why = reason
      leaving.abort()
    },
  )
  const until = AbortSignal.any([leaving.signal, reply.gone])
  const servers = resourcesAt(await catalog.current(), who.resource)
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
