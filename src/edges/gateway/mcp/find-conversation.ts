import { type McpConversation, readSessionId } from '../../../calls/mcp-sessions/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { RPC, type RpcMessage } from '../../../platform/net/index.ts'
import { refuseStranger } from '../check-caller.ts'
import type { PlacedCall, PlacedMessage } from './call-steps.ts'
import { notHeard } from './ended.ts'
import type { McpPorts } from './ports.ts'
import { isStateless, readStateless } from './stateless/requests.ts'

/**
 * Finds the conversation that a request belongs to, by its session id. Whether it is the caller's
 * is checked where the caller is known: `isOwn`.
 */
export async function findConversation(heard: PlacedMessage, ports: McpPorts): Promise<PlacedCall> {
  const { rpc: message, request, resource } = heard
  const revision = request.headers.get('mcp-protocol-version')
  if (message && isStateless(request, message)) {
    checkKind(message)
    return { ...heard, conversation: await spokenOnce(heard, message, ports) }
  }
  // Its header does not bind: some clients send there what they would prefer.
  if (message && isInitialize(message)) return { ...heard, conversation: undefined }
  const id = request.headers.get('mcp-session-id')
  const conversation = id === undefined ? undefined : readOnce(ports, resource.name, id)
  if (!conversation || ports.desk.hasEnded(conversation.key)) {
    // A client without a good token is told that, and nothing about sessions.
    await refuseStranger(heard, ports)
    throw id === undefined ? notHeard(REQUIRED, RPC.invalidRequest) : unknownSession()
  }
  // Without the header it is the revision that was agreed on (MCP, "Protocol Version Header").
  if (revision !== undefined && revision !== conversation.revision) throw wrongVersion(revision)
  if (!answersUs(message, conversation, ports)) checkKind(message)
  return { ...heard, conversation }
}

async function spokenOnce(
  heard: PlacedMessage,
  message: RpcMessage,
  ports: McpPorts,
): Promise<McpConversation> {
  try {
    return readStateless(heard, message, ports)
  } catch (refused) {
    await refuseStranger(heard, ports)
    throw refused
  }
}

function readOnce(
  { desk, master }: Pick<McpPorts, 'desk' | 'master'>,
  resource: string,
  id: string,
): McpConversation | undefined {
  const known = desk.sessions.get(id, resource)
  if (known) return known
  const conversation = readSessionId(master, resource, id)
  return conversation && desk.sessions.put(id, resource, conversation)
}

const REQUIRED = new Problem('mcp.session_required', '`Mcp-Session-Id` is missing')

/** Answer to every session id that does not fit. It is the same for every cause. */
export function unknownSession() {
  const problem = new Problem('mcp.session_unknown', 'the session has ended, or is unknown')
  return notHeard(problem, RPC.invalidRequest)
}

/**
 * INVARIANT: a session is of use only to the task that began it; it is no credential. Without a
 * session there is nothing of another task.
 */
export function isOwn({ task: owner }: McpConversation, task: string): boolean {
  return owner === undefined || owner === task
}

function wrongVersion(revision: string) {
  const shown = revision.slice(0, 32)
  const problem = new Problem('mcp.wrong_version', `\`${shown}\` is not the agreed revision`)
  return notHeard(problem, RPC.invalidRequest)
}

function isInitialize(message: RpcMessage): boolean {
  return message.kind === 'request' && message.method === 'initialize'
}

/** Checks whether a message answers a question of ours that is open in its own session. */
function answersUs(
  message: RpcMessage | undefined,
  { key }: McpConversation,
  { desk }: McpPorts,
): boolean {
  if (message?.kind !== 'result' && message?.kind !== 'error') return false
  return typeof message.id === 'string' && desk.asks(key, message.id)
}

/** Refuses answers to no question of ours, and requests without an id, which would have an effect. */
function checkKind(message: RpcMessage | undefined): void {
  if (!message || message.kind === 'request') return
  if (message.kind === 'notification' && message.method.startsWith('notifications/')) return
  const detail =
    message.kind === 'notification' ? 'a request needs an `id`' : 'no question of ours is open'
  throw notHeard(new Problem('mcp.bad_message', detail), RPC.invalidRequest)
}
