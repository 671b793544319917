export { ActiveResponses } from './active-responses.ts'
export { createGateway } from './gateway.ts'
export { PATIENCE, type Timeouts } from './http/outgoing.ts'
export { MCP_LIMITS, type McpLimits } from './mcp/limits.ts'
