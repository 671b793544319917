import { type AdmittedRequest, mayContinue } from '../../../../calls/calls/index.ts'
import { RpcAnswer } from '../../../../calls/mcp-messages/index.ts'
import type { McpConversation, ResourceSubscription } from '../../../../calls/mcp-sessions/index.ts'
import { typeArguments } from '../../../../catalog/argument-types/index.ts'
import { hasCapability, type Resource } from '../../../../catalog/catalog/index.ts'
import { uriInGroup } from '../../../../catalog/resource-groups/index.ts'
import type { JsonObject } from '../../../../platform/lib/json.ts'
import {
  ask,
  MCP,
  type McpSession,
  needsNoSession,
  type RpcId,
} from '../../../../platform/net/index.ts'
import type { CompletedCall, PlacedCall } from '../call-steps.ts'
import { decide } from '../decide.ts'
import { record } from '../finish.ts'
import { enterMember } from '../group/enter-member.ts'
import type { McpPorts } from '../ports.ts'
import type { McpReply } from '../reply.ts'
import { injectServerCredential } from '../upstream/inject-credential.ts'
import { upstreamPeer } from '../upstream/peer.ts'
import { send } from '../upstream/send.ts'
import { upstreamKey } from '../upstream/sending.ts'

/** Stream of a client, whose sender was admitted. */
export interface ClientStream {
  readonly placed: PlacedCall
  readonly conversation: McpConversation
  readonly who: AdmittedRequest
  readonly reply: McpReply
  /** Id that its subscriptions have towards the client. */
  readonly id: RpcId
}

/**
 * Subscribes to one resource for a stream: decided, sent and recorded as a call, once. `undefined`: it
 * is not permitted, or the server does not tell of it.
 */
export async function subscribe(
  { conversation, id, placed, reply, who }: ClientStream,
  told: string,
  ports: McpPorts,
): Promise<ResourceSubscription | undefined> {
  const params: JsonObject = new Map([['uri', told]])
  const rpc = { kind: 'request', id, method: MCP.subscribe, params } as const
  const at = await enterMember({ ...placed, rpc }, ports)
  const listed = (await ports.catalog.current()).actionsOf(at.resource.name)
  const action = listed.find(({ method }) => method === 'resources/read')
  const body = at.rpc.params
  const typed = action && typeArguments(action, { path: new Map(), query: [], body })
  if (!action || !typed?.ok || !hasCapability(at.resource.server, 'resources/subscribe'))
    return undefined
  const call = { ...at, conversation, action, params: body, arguments: typed.arguments }
  const heard = { answer: reply, cancelled: reply.gone, progressToken: undefined }
  try {
    const decided = await decide({ ...call, ...heard }, ports, who)
    const { verdict } = decided
    if (verdict.outcome !== 'permit') return undefined
    const done = await send(await injectServerCredential({ ...decided, verdict }, ports), ports)
    await record(done, ports)
    return subscriptionOf(done, told)
  } catch (error) {
    if (error instanceof RpcAnswer) return undefined
    throw error
  }
}

/** Keeps the subscription that a client with a session made by a call. */
export async function keepSubscription(
  done: CompletedCall,
  ports: McpPorts,
): Promise<CompletedCall> {
  const { audience, conversation, params, resource, rpc } = done
  if (rpc.method !== MCP.subscribe) return done
  const uri = String(params.get('uri'))
  const made = subscriptionOf(done, audience ? uriInGroup(resource.name, uri) : uri)
  if (!made) return done
  ports.subscriptions.add(conversation.key, made)
  const key = upstreamKey(resource, conversation.key)
  ports.feeds.renew(key)
  await ports.feeds.ready(key)
  return done
}

/** Subscription that a call began; `undefined`: the server refused. */
function subscriptionOf(
  { outcome, params, resource, verdict }: CompletedCall,
  told: string,
): ResourceSubscription | undefined {
  if (outcome.state !== 'answered' || outcome.reply.kind !== 'result') return undefined
  return { server: resource.name, uri: String(params.get('uri')), told, verdict }
}

/** Lists the addresses at one server that a client may be told of now. */
export function liveUris(
  held: readonly ResourceSubscription[],
  { name }: Resource,
  { decisions }: McpPorts,
): readonly string[] {
  return held
    .filter(({ server, verdict }) => server === name && mayContinue(decisions, verdict))
    .map(({ uri }) => uri)
}

/** Tells a server with sessions that no client wants to hear of a resource any more. Nothing follows from its answer. */
export async function unsubscribe(
  resource: Resource,
  session: McpSession | undefined,
  { uri, verdict }: ResourceSubscription,
  ports: McpPorts,
): Promise<void> {
  if (!session || needsNoSession(session)) return
  const { peer } = await upstreamPeer(resource, undefined, ports)
  const limits = { bytes: 65_536, events: 100, timeMs: 5_000 }
  const id = `${verdict.decisionId}.end`
  const request = { id, method: 'resources/unsubscribe', params: new Map([['uri', uri]]) }
  await ask({ ...peer, limits }, session, request)
}
