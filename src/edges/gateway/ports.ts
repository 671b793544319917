import type { Dispatcher } from 'undici'
import type { CallParts } from '../../calls/calls/index.ts'
import type { McpLimits } from '../../calls/mcp-sessions/index.ts'
import type { Catalog } from '../../catalog/catalog/index.ts'
import type { ConnectionParts } from '../../identity/connections/index.ts'
import type { Spool } from '../../platform/bodies/index.ts'
import type {
  Capacity,
  ClientAddresses,
  ClientCertificates,
  Logger,
  ServerCertificate,
  StrangerLimits,
} from '../../platform/http/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import type { Wait } from '../../platform/lib/repeat.ts'
import type { RequestObserver } from '../../platform/lib/request-observer.ts'
import type { UpstreamSlots } from '../../platform/lib/under-way/upstream-slots.ts'
import type { Outbound } from '../../platform/net/index.ts'
import type { ActiveResponses } from '../../platform/revocation/index.ts'
import type { Timeouts } from './http/outgoing.ts'

/** Dependencies of the gateway. */
export interface GatewayPorts {
  /** Public origin of the gateway, from configuration. */
  readonly gateway: string
  readonly issuer: string
  readonly trustDomain: string
  /** Finds the client address of a request. */
  readonly addresses: ClientAddresses
  /** Limits of the resources that strangers may hold. */
  readonly capacity?: Capacity | undefined
  /** Certificate that it shows; absent where it speaks plain HTTP. */
  readonly certificate?: ServerCertificate | undefined
  /** Limits how often one address is told why it is refused; absent where that is not limited. */
  readonly strangers?: StrangerLimits
  readonly observer: RequestObserver
  /**
   * Reads client certificates of TLS connections; absent where no proxy ends those connections in
   * front of us.
   */
  readonly certificates?: ClientCertificates | undefined
  readonly catalog: Pick<Catalog, 'current'>
  readonly connections: ConnectionParts
  readonly decisions: CallParts
  readonly dispatcher: Dispatcher
  readonly fetchJson: Outbound['fetchJson']
  /** Shares the dispatcher's connections among callers. */
  readonly slots: UpstreamSlots
  /** Place where files and bytes wait while their calls are decided. */
  readonly spool: Spool
  readonly patience: Timeouts
  /** Seals the ids of MCP sessions, and derives the key of digests in answers. */
  readonly master: Pick<MasterKey, 'derive' | 'seal' | 'open'>
  readonly mcp: McpLimits
  readonly wait: Wait
  readonly running: ActiveResponses
  readonly log: Logger
}
