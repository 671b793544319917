export type { Resolver } from './connector.ts'

export { describeMcpServer, type McpDescription } from './mcp/describe.ts'
export type { Exchanged, ExchangeFailure, NotAnswered } from './mcp/exchanged.ts'
export {
  messageOf,
  printMessage,
  RPC,
  type RpcError,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  type RpcResult,
  sameId,
} from './mcp/message.ts'
export {
  HOP_META,
  headerText,
  headerValue,
  isMcpRevision,
  isSessionRevision,
  MCP_ERROR,
  MCP_REVISIONS,
  type McpRevision,
  namedBy,
  SESSION_REVISIONS,
  type SessionRevision,
  STATELESS_REVISION,
  TASKS_EXTENSION,
} from './mcp/revisions.ts'
export {
  ask,
  type Declared,
  endSession,
  type McpPeer,
  type McpSession,
  needsNoSession,
  notify,
  openSession,
  type SpokenMemory,
} from './mcp/session.ts'
export { MAX_CONNECTIONS, type Outbound, type OutboundOptions, outbound } from './outbound.ts'
export { type RemoteKeys, remoteKeys } from './remote-keys.ts'
