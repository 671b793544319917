import type { GatewayPorts } from '../ports.ts'
import type { Desk } from './desk.ts'

/** What the MCP data path works with. */
export interface McpPorts extends GatewayPorts {
  readonly desk: Desk
}
