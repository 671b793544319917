import type { Dispatcher } from 'undici'
import type { CallParts } from '../calls/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { ConnectionParts } from '../connections/index.ts'
import type {
  Capacity,
  ClientAddresses,
  ClientCertificates,
  Logger,
  StrangerLimits,
} from '../http/index.ts'
import type { MasterKey } from '../keys/index.ts'
import type { Wait } from '../lib/repeat.ts'
import type { Timeouts } from './http/outgoing.ts'
import type { McpLimits } from './mcp/limits.ts'
import type { ActiveResponses } from './running.ts'
import type { UpstreamSlots } from './upstream-slots.ts'

/** What the gateway works with. */
export interface GatewayPorts {
  /** Its public origin, from configuration. */
  readonly gateway: string
  readonly issuer: string
  readonly trustDomain: string
  /** Where requests come from. */
  readonly addresses: ClientAddresses
  /** What strangers may hold. */
  readonly capacity?: Capacity | undefined
  /** How often one address is told why it is refused; absent where it is not limited. */
  readonly strangers?: StrangerLimits
  /** What clients showed at their TLS connections; absent where nobody ends those in front of us. */
  readonly certificates?: ClientCertificates | undefined
  readonly catalog: Pick<Catalog, 'current'>
  readonly connections: ConnectionParts
  readonly decisions: CallParts
  readonly dispatcher: Dispatcher
  /** Who may have how many of the dispatcher's connections. */
  readonly slots: UpstreamSlots
  readonly patience: Timeouts
  /** Seals the ids of MCP sessions; and the key of digests in answers. */
  readonly master: Pick<MasterKey, 'derive' | 'seal' | 'open'>
  readonly mcp: McpLimits
  readonly wait: Wait
  readonly running: ActiveResponses
  readonly log: Logger
}
