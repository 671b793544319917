export { EventQueue } from './event-queue.ts'
export { describeMcpServer, type McpDescription } from './mcp/describe.ts'
export { exchange } from './mcp/exchange.ts'
export type { ExchangeFailure, ExchangeResult, UnansweredExchange } from './mcp/exchanged.ts'
export {
  messageOf,
  printedPieces,
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
  headerText,
  headerValue,
  isSessionRevision,
  MCP,
  MCP_REVISIONS,
  type McpRevision,
  namedBy,
  type SessionRevision,
  STATELESS_REVISION,
} from './mcp/revisions.ts'
export {
  ask,
  endMcpSession,
  listenTo,
  type McpGeneration,
  type McpPeer,
  type McpSession,
  needsNoSession,
  notify,
  openMcpSession,
  type SpokenMemory,
} from './mcp/session.ts'
export { type Outbound, type OutboundOptions, outbound } from './outbound.ts'
export { type RemoteKeys, remoteKeys } from './remote-keys.ts'
