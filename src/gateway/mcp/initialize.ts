import { groundOf, mayContinue, reachOf, stillLive } from '../../calls/index.ts'
import type { Action, Resource } from '../../catalog/index.ts'
import { base64url } from '../../lib/bytes.ts'
import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import {
  isMcpRevision,
  MCP_REVISIONS,
  type McpRevision,
  type McpSession,
  openSession,
  type RpcRequest,
} from '../../net/index.ts'
import { admitted } from './admitted.ts'
import type { Placed } from './call-steps.ts'
import type { McpPorts } from './ports.ts'
import type { McpReply } from './reply.ts'
import { sessionId } from './session-id.ts'
import { peerOf } from './upstream/peer.ts'
import { failed, problemOf } from './upstream/upstream-failure.ts'

/** Bytes of a session's own key. */
const KEY_BYTES = 12
const MAX_CAPABILITIES = 16
/**
 * Name of a client's capability, short and plain, so that the id that holds such names fits into a
 * header.
 */
const CAPABILITY = /^[A-Za-z0-9._/-]{1,64}$/

/**
 * Begins a session: with the server in our name, then with the client in the server's. The client
 * is told from the catalog who the server is and what it can do; the server's own answer only has
 * to be valid MCP.
 */
export async function initialize(
  placed: Placed,
  message: RpcRequest,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { resource } = placed
  const who = await admitted(placed, ports, 'session')
  const { peer } = await peerOf(resource, undefined, ports)
  const leaving = new AbortController()
  const watched = ports.running.watch(
    { views: groundOf(who), lives: () => mayContinue(ports.decisions, who) },
    () => leaving.abort(),
  )
  const began = await openSession(peer, {
    mayStart: () => stillLive(ports.decisions, who),
    signal: leaving.signal,
  }).finally(watched)
  if (!began.ok) throw failed(message.id, problemOf(began.ended, undefined))
  await ports.watch.look(resource)
  const asked = message.params.get('protocolVersion')
  const revision = isMcpRevision(asked) ? asked : MCP_REVISIONS[0]
  const id = sessionId(ports.master, {
    key: base64url(ports.decisions.random.bytes(KEY_BYTES)),
    task: who.task.id,
    resource: resource.name,
    revision,
    capabilities: namesOf(message.params.get('capabilities')),
    upstream: began.opened.session satisfies McpSession,
  })
  const catalog = await ports.catalog.current()
  const { actions } = await reachOf(ports.decisions, who)
  const result = hello(resource, catalog.actionsOf(resource.name), revision, actions.length === 0)
  reply.end({ kind: 'result', id: message.id, result }, { headers: { 'mcp-session-id': id } })
}

function namesOf(capabilities: Json | undefined): string[] {
  if (!isObject(capabilities)) return []
  return [...capabilities.keys()].filter((name) => CAPABILITY.test(name)).slice(0, MAX_CAPABILITIES)
}

/**
 * Instructions for a client whose lists are all empty: an empty list does not say why, nor whom to
 * ask.
 */
const NOTHING =
  'From the gateway, not from the server: nothing of this server may be used in this task now, so nothing is listed. Tell whoever you work for; an administrator can permit it.'

/** Result of `initialize`: describes the server to the client, as it was reviewed. */
function hello(
  resource: Resource,
  actions: readonly Action[],
  revision: McpRevision,
  useless: boolean,
): JsonObject {
  const { server } = resource
  const instructions = [useless ? NOTHING : undefined, server?.instructions].filter(Boolean)
  const has = (kind: string) => actions.some(({ definition }) => definition?.kind === kind)
  const unchanging = new Map([['listChanged', false]])
  const capabilities = new Map<string, Json>()
  if (has('tool')) capabilities.set('tools', unchanging)
  if (has('prompt')) capabilities.set('prompts', unchanging)
  if (has('resource')) capabilities.set('resources', new Map([...unchanging, ['subscribe', false]]))
  return new Map<string, Json>([
    ['protocolVersion', revision],
    ['capabilities', capabilities],
    [
      'serverInfo',
      new Map<string, Json>([
        ['name', server?.name ?? resource.name],
        ['version', server?.version ?? '0'],
        ['title', server?.title ?? resource.title],
      ]),
    ],
    ...(instructions.length === 0
      ? []
      : [['instructions', instructions.join('\n\n')] as [string, Json]]),
  ])
}
