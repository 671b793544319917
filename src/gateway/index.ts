export { createGateway } from './gateway.ts'
export { PATIENCE, type Timeouts } from './http/outgoing.ts'

export { MCP_LIMITS, type McpLimits } from './mcp/limits.ts'

export { ActiveResponses } from './running.ts'
export { UpstreamSlots } from './upstream-slots.ts'
