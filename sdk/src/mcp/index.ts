/**
 * Parts for clients that speak MCP: a task behind a transport, or a client that knows only the URL.
 */
export { createMcpFetch, type McpFetch } from './mcp-fetch.ts'
export {
  createMcpTransport,
  type McpMessage,
  type McpSendOptions,
  type McpText,
  type McpTransport,
  type McpTransportOptions,
} from './mcp-transport.ts'
export {
  createOAuthProvider,
  type McpOAuthProvider,
  type ProviderOptions,
  type ProviderStore,
  type StoredKey,
} from './oauth-provider.ts'
