import { RpcAnswer, rpcError } from '../../../../calls/mcp-messages/index.ts'
import { capabilityNames, type McpConversation } from '../../../../calls/mcp-sessions/index.ts'
import { base64url } from '../../../../platform/lib/bytes.ts'
import { isObject, type JsonObject } from '../../../../platform/lib/json.ts'
import { Problem } from '../../../../platform/lib/problem.ts'
import {
  isSessionRevision,
  MCP,
  MCP_REVISIONS,
  namedBy,
  RPC,
  type RpcError,
  type RpcMessage,
  type RpcRequest,
  STATELESS_REVISION,
} from '../../../../platform/net/index.ts'
import type { StrictRequest } from '../../strict-request.ts'
import type { PlacedMessage } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'

/** Bytes of the key of one request. */
const KEY_BYTES = 12

/**
 * Checks whether a message is of the revision without sessions. `initialize` never is, whatever its
 * header says: some clients send there what they would prefer.
 */
export function isStateless(request: StrictRequest, message: RpcMessage): boolean {
  if ('method' in message) {
    if (message.method === 'initialize') return false
    if (message.method === 'server/discover') return true
    if (metaOf(message.params)?.has(MCP.meta.protocolVersion)) return true
  }
  const revision = request.headers.get('mcp-protocol-version')
  const named = revision !== undefined && !isSessionRevision(revision)
  return named && !request.headers.has('mcp-session-id')
}

/**
 * Reads what a request says of its client (2026-07-28, "Per-request protocol fields" and "Server
 * Validation"). The conversation is this one request; its task is the one that the token names.
 */
export function readStateless(
  { request, resource }: PlacedMessage,
  message: RpcMessage,
  { decisions }: McpPorts,
): McpConversation {
  const conversation = {
    key: base64url(decisions.random.bytes(KEY_BYTES)),
    task: undefined,
    resource: resource.name,
    revision: STATELESS_REVISION,
    capabilities: [],
    upstream: undefined,
  } as const
  if (message.kind !== 'request') return conversation
  const meta = metaOf(message.params)
  const revision = meta?.get(MCP.meta.protocolVersion)
  if (typeof revision !== 'string') throw missing(message, MCP.meta.protocolVersion)
  if (request.headers.get('mcp-protocol-version') !== revision)
    throw mismatch(message, '`MCP-Protocol-Version` is not the revision that the message names')
  if (revision !== STATELESS_REVISION) throw unsupported(message, revision)
  if (!request.headers.has('mcp-method')) throw mismatch(message, '`Mcp-Method` is missing')
  const named = namedBy(message.method)
  if (typeof message.params.get(named ?? '') === 'string' && !request.headers.has('mcp-name'))
    throw mismatch(message, '`Mcp-Name` is missing')
  const declared = meta?.get(MCP.meta.clientCapabilities)
  if (!isObject(declared)) throw missing(message, MCP.meta.clientCapabilities)
  return { ...conversation, capabilities: capabilityNames(declared) }
}

function metaOf(params: JsonObject): JsonObject | undefined {
  const meta = params.get('_meta')
  return isObject(meta) ? meta : undefined
}

function missing({ id }: RpcRequest, name: string): RpcAnswer {
  const problem = new Problem('mcp.bad_message', `\`_meta\` has to name \`${name}\``)
  return new RpcAnswer(rpcError(id, RPC.invalidParams, problem), { status: 400 })
}

/** Answer to a message whose headers are not the ones that belong to it. */
export function mismatch({ id }: Pick<RpcError, 'id'>, detail: string): RpcAnswer {
  const problem = new Problem('mcp.header_mismatch', detail)
  return new RpcAnswer(rpcError(id, MCP.error.headerMismatch, problem), { status: 400 })
}

/** Answer to a request that needs a capability which its client did not declare. */
export function missingCapability({ id }: RpcRequest, requiredCapabilities: object): RpcAnswer {
  const problem = new Problem(
    'mcp.missing_capability',
    'the client has to declare a capability for this',
    { members: { requiredCapabilities } },
  )
  return new RpcAnswer(rpcError(id, MCP.error.missingCapability, problem), { status: 400 })
}

function unsupported({ id }: RpcRequest, revision: string): RpcAnswer {
  const requested = revision.slice(0, 32)
  const problem = new Problem('mcp.wrong_version', `revision \`${requested}\` is not spoken here`, {
    members: { supported: MCP_REVISIONS, requested },
  })
  return new RpcAnswer(rpcError(id, MCP.error.unsupportedRevision, problem), { status: 400 })
}
