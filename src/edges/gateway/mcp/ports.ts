import type {
  McpSessions,
  SpokenRevisions,
  Subscriptions,
} from '../../../calls/mcp-sessions/index.ts'
import type { GatewayPorts } from '../ports.ts'
import type { DefinitionWatch } from '../watch-definitions.ts'
import type { FeedListener, FeedSource } from './feed.ts'

/** Dependencies of the MCP data path. */
export interface McpPorts extends GatewayPorts {
  readonly desk: McpSessions
  /** Streams from servers, and subscriptions of sessions. */
  readonly feeds: FeedRegistry
  readonly subscriptions: Subscriptions
  /** Revisions that servers speak. */
  readonly spoken: SpokenRevisions
  readonly watch: Pick<DefinitionWatch, 'look' | 'begin' | 'due'>
}

/** Streams from servers on this replica: one for each session with a server that clients listen to. */
export interface FeedRegistry {
  /** Begins to listen. Returns a function that ends it; the stream ends with its last listener. */
  attach(source: FeedSource, listener: FeedListener, ports: McpPorts): () => Promise<void>
  /** Has a stream begin again where its session or the subscriptions changed. */
  renew(key: string): void
  /** Checks whether a client listens for a resource. */
  wants(key: string, uri: string): boolean
  /** Waits a moment for the stream of a session to begin, if there is to be one. */
  ready(key: string): Promise<void>
}
