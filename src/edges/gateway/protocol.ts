import type { CatalogView, Resource } from '../../catalog/catalog/index.ts'
import type { OwnAnswer } from './ended.ts'
import type { McpPorts } from './mcp/ports.ts'
import type { LocatedRequest } from './passage.ts'
import type { CurrentDefinitions } from './watch-definitions.ts'

/** Adapter of a protocol that resources behind the gateway speak. Modules bring those of their protocols. */
export interface ProtocolAdapter {
  readonly protocol: Resource['protocol']
  /** Answers a request with a credential of some kind. Throws what the gateway renders. */
  serve(located: LocatedRequest, ports: McpPorts): Promise<unknown>
  /** Present where the query of an address can have lines. Default: a line feed there is refused. */
  readonly takesLines?: true
  /** Answers a request that needs no credential. Default: each needs one. */
  answerWithoutToken?(
    located: LocatedRequest,
    catalog: CatalogView,
    ports: Pick<McpPorts, 'issuer'>,
  ): OwnAnswer | undefined
  /** Asks a resource for its offering, on behalf of no client. Default: it is not asked. */
  askOffering?(
    resource: Resource,
    signal: AbortSignal,
    ports: Omit<McpPorts, 'watch'>,
  ): Promise<CurrentDefinitions>
}

/** Adapters by protocol. */
export type Protocols = ReadonlyMap<string, ProtocolAdapter>
