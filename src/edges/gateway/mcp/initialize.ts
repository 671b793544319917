import { type AdmittedRequest, footingHooks, footingOf } from '../../../calls/calls/index.ts'
import { askable, serverInfo } from '../../../calls/mcp-messages/index.ts'
import {
  capabilityNames,
  declaredCapabilities,
  sessionId,
} from '../../../calls/mcp-sessions/index.ts'
import type { Resource } from '../../../catalog/catalog/index.ts'
import { leftOut } from '../../../grants/code-grant/index.ts'
import { base64url } from '../../../platform/lib/bytes.ts'
import type { Json, JsonObject } from '../../../platform/lib/json.ts'
import {
  isSessionRevision,
  MCP,
  type McpSession,
  openMcpSession,
  type RpcRequest,
  type SessionRevision,
} from '../../../platform/net/index.ts'
import { tellAdmitted } from '../tell-admitted.ts'
import { admitted } from './admitted.ts'
import type { PlacedCall } from './call-steps.ts'
import { offersAt, restsOf } from './group/offers.ts'
import type { McpPorts } from './ports.ts'
import type { McpReply } from './reply.ts'
import { serverCapabilities, serverInstructions } from './server-description.ts'
import { upstreamPeer } from './upstream/peer.ts'
import { problemOf, upstreamFailed } from './upstream/upstream-failure.ts'

/** Bytes of a session's own key. */
const KEY_BYTES = 12

/**
 * Begins a session: with the server in our name, then with the client in the server's. The client
 * is told from the catalog who the server is and what it can do; the server's own answer only has
 * to be valid MCP.
 */
export async function initialize(
  placed: PlacedCall,
  message: RpcRequest,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { resource } = placed
  const who = await admitted(placed, ports, 'session')
  const capabilities = capabilityNames(message.params.get('capabilities'))
  // With members of a group sessions begin when they are called: none keeps clients from the others.
  const upstream = resource.members ? undefined : await begun(message, who, capabilities, ports)
  await ports.watch.look(resource)
  const asked = message.params.get('protocolVersion')
  const revision = isSessionRevision(asked) ? asked : MCP.sessions[0]
  const id = sessionId(ports.master, {
    key: base64url(ports.decisions.random.bytes(KEY_BYTES)),
    task: who.task.id,
    resource: resource.name,
    revision,
    capabilities,
    upstream,
  })
  const make = async (now: AdmittedRequest) => {
    const catalog = await ports.catalog.current()
    const offers = await offersAt(now, ports)
    const capable = serverCapabilities(
      catalog.at(resource.identifier).actions,
      catalog.at(resource.identifier).resources,
      revision,
    )
    const missing = await leftOut(ports.decisions, now.task)
    const instructions = serverInstructions(resource, offers, missing)
    return { answer: hello(resource, capable, revision, instructions), rests: restsOf(offers) }
  }
  const headers = { 'mcp-session-id': id }
  const endInitialize = (result: JsonObject) =>
    reply.end({ kind: 'result', id: message.id, result }, { headers })
  await tellAdmitted(who, make, endInitialize, ports)
}

/** Begins a session with the server. */
async function begun(
  message: RpcRequest,
  who: AdmittedRequest,
  capabilities: readonly string[],
  ports: McpPorts,
): Promise<McpSession> {
  const { peer } = await upstreamPeer(who.resource, undefined, ports)
  const leaving = new AbortController()
  const footing = footingOf(ports.decisions, [who])
  const watched = ports.running.watch(footing, () => leaving.abort())
  const hooks = { ...footingHooks(footing), signal: leaving.signal }
  const declared = declaredCapabilities(askable(capabilities, who.resource))
  const began = await openMcpSession(peer, hooks, {
    capabilities: declared,
    wanted: 'sessions',
  }).finally(watched)
  if (!began.ok) throw upstreamFailed(message.id, problemOf(began.ended, undefined))
  return began.opened.session
}

/** Result of `initialize`: describes the server to the client, as it was reviewed. */
function hello(
  resource: Resource,
  capabilities: JsonObject,
  revision: SessionRevision,
  instructions: readonly [string, Json][],
): JsonObject {
  return new Map<string, Json>([
    ['protocolVersion', revision],
    ['capabilities', capabilities],
    ['serverInfo', serverInfo(resource)],
    ...instructions,
  ])
}
