import type { GatewayPorts } from '../ports.ts'
import type { DefinitionWatch } from '../watch-definitions.ts'
import type { McpSessions } from './mcp-sessions.ts'
import type { SpokenRevisions } from './upstream/spoken-revisions.ts'

/** Dependencies of the MCP data path. */
export interface McpPorts extends GatewayPorts {
  readonly desk: McpSessions
  /** Revisions that servers speak. */
  readonly spoken: SpokenRevisions
  readonly watch: Pick<DefinitionWatch, 'look' | 'begin' | 'due'>
}
