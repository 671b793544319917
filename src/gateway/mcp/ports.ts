import type { GatewayPorts } from '../ports.ts'
import type { Desk } from './desk.ts'
import type { DefinitionWatch } from './watch-definitions.ts'

/** What the MCP data path works with. */
export interface McpPorts extends GatewayPorts {
  readonly desk: Desk
  readonly watch: Pick<DefinitionWatch, 'look' | 'begin' | 'due'>
}
