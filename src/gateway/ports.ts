import type { Dispatcher } from 'undici'
import type { Catalog } from '../catalog/index.ts'
import type { ConnectionParts } from '../connections/index.ts'
import type { DecisionParts } from '../decisions/index.ts'
import type { Logger } from '../http/index.ts'
import type { Patience } from './http/outgoing.ts'
import type { Running } from './running.ts'

/** What the gateway works with. */
export interface GatewayPorts {
  /** Its public origin, from configuration. */
  readonly gateway: string
  readonly issuer: string
  readonly trustDomain: string
  readonly catalog: Pick<Catalog, 'current'>
  readonly connections: ConnectionParts
  readonly decisions: DecisionParts
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly running: Running
  readonly log: Logger
}
