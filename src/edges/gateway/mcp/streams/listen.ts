import { mayContinue } from '../../../../calls/calls/index.ts'
import { callError, RpcAnswer } from '../../../../calls/mcp-messages/index.ts'
import {
  MAX_SUBSCRIPTIONS,
  type McpConversation,
  type ResourceSubscription,
} from '../../../../calls/mcp-sessions/index.ts'
import type { Resource } from '../../../../catalog/catalog/index.ts'
import { isObject, type Json, type JsonObject } from '../../../../platform/lib/json.ts'
import { slotHolders } from '../../../../platform/lib/under-way/held-places.ts'
import { MCP, RPC, type RpcRequest } from '../../../../platform/net/index.ts'
import { admitted } from '../admitted.ts'
import type { PlacedCall } from '../call-steps.ts'
import { badParams } from '../find-action.ts'
import type { McpPorts } from '../ports.ts'
import type { McpReply } from '../reply.ts'
import { upstreamKey } from '../upstream/sending.ts'
import { type ClientStream, liveUris, subscribe, unsubscribe } from './subscribe.ts'
import { LISTS, untilChanged } from './until-changed.ts'

/**
 * Serves `subscriptions/listen` (2026-07-28, "Subscriptions"). When something that the lists and
 * subscriptions of the task rest on has changed, the lists may be others, which is told, and the
 * stream ends. The client subscribes again, to all of it.
 */
export async function listen(
  placed: PlacedCall,
  conversation: McpConversation,
  rpc: RpcRequest,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { id } = rpc
  const who = await admitted(placed, ports)
  const wanted = rpc.params.get('notifications')
  if (!isObject(wanted)) throw badParams(id, '`notifications` has to be an object')
  const lists = [...LISTS].filter(([name]) => wanted.get(name) === true)
  const uris = readUris(wanted.get('resourceSubscriptions'))
  if (!uris)
    throw badParams(
      id,
      `\`resourceSubscriptions\` lists at most ${MAX_SUBSCRIPTIONS.each} addresses`,
    )
  const release = ports.desk.listen(slotHolders(who))
  if (!release) throw new RpcAnswer(callError(id, 'too many subscriptions', {}, RPC.internalError))
  const stream: ClientStream = { placed, conversation, who, reply, id }
  const held: ResourceSubscription[] = []
  let leave = async () => {}
  try {
    // At once: a server that does not answer for one keeps the client waiting for that time only.
    const made = await Promise.all(uris.map((uri) => subscribe(stream, uri, ports)))
    held.push(...made.filter((each) => each !== undefined))
    const notifyListener = (method: string, more: readonly [string, Json][] = []) =>
      reply.notify(method, new Map<string, Json>([...more, ['_meta', _meta]]))
    const _meta: JsonObject = new Map([[MCP.meta.subscriptionId, id]])
    const honoured = new Map<string, Json>(lists.map(([name]) => [name, true]))
    if (held.length > 0)
      honoured.set(
        'resourceSubscriptions',
        held.map(({ told }) => told),
      )
    leave = await hear(stream, held, (told) => notifyListener(UPDATED, [['uri', told]]), ports)
    notifyListener('notifications/subscriptions/acknowledged', [['notifications', honoured]])
    const why = await untilChanged(who, reply, new AbortController().signal, ports)
    if (why === 'ended') for (const [, method] of lists) notifyListener(method)
    reply.end({ kind: 'result', id, result: new Map([['_meta', _meta]]) })
  } finally {
    release()
    await leave()
  }
}

const UPDATED = 'notifications/resources/updated'
const MAX_URI = 4_096

/** Reads addresses, each once; `undefined`: they are none, or too many. */
function readUris(wanted: Json | undefined): readonly string[] | undefined {
  const given = wanted === undefined ? [] : wanted
  if (!Array.isArray(given) || given.length > MAX_SUBSCRIPTIONS.each) return undefined
  const uris = given.filter((each: Json) => typeof each === 'string' && each.length <= MAX_URI)
  return uris.length === given.length ? [...new Set(uris)] : undefined
}

/** Listens to the servers that tell of these resources. Returns a function that ends it. */
async function hear(
  { who }: ClientStream,
  held: readonly ResourceSubscription[],
  tell: (told: string) => void,
  ports: McpPorts,
): Promise<() => Promise<void>> {
  const { catalog, decisions, desk, feeds, log } = ports
  const listenersOf = (server: Resource) => held.filter((each) => each.server === server.name)
  const servers = (await catalog.current()).at(who.resource.identifier).resources
  const heard = servers.filter((server) => listenersOf(server).length > 0)
  const ends = heard.map((resource) => {
    const key = upstreamKey(resource, who.task.id)
    const session = () => desk.reopened(key)
    const listener = {
      lives: () => mayContinue(decisions, who),
      uris: () => liveUris(held, resource, ports),
      updated: (uri: string) => {
        for (const each of listenersOf(resource)) if (each.uri === uri) tell(each.told)
      },
    }
    const holders = slotHolders(who)
    const leave = feeds.attach({ key, resource, holders, session }, listener, ports)
    return async () => {
      await leave()
      for (const each of listenersOf(resource))
        if (!feeds.wants(key, each.uri))
          await unsubscribe(resource, session(), each, ports).catch((error: unknown) =>
            log.warn({ resource: resource.name, err: error }, 'a server was not told of an end'),
          )
    }
  })
  await Promise.all(heard.map((resource) => feeds.ready(upstreamKey(resource, who.task.id))))
  return async () => {
    await Promise.all(ends.map((end) => end()))
  }
}
