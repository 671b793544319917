import type { CallParts } from '../../calls/calls/index.ts'
import type { ClientAuthenticator } from '../../identity/machine-clients/index.ts'
import type { Capacity, ClientAddresses, Logger } from '../../platform/http/index.ts'
import type { RequestObserver } from '../../platform/lib/request-observer.ts'

interface Listen {
  readonly host: string
  readonly port: number
}

/** Dependencies of the edge that gateways of others ask. */
export interface ExtAuthzPorts {
  /** Addresses at which HTTP and gRPC are listened for; `undefined`: nowhere. */
  readonly http: Listen | undefined
  readonly grpc: Listen | undefined
  readonly issuer: string
  readonly trustDomain: string
  readonly addresses: ClientAddresses
  /** Present where client certificates are read, which metadata say. */
  readonly certificates: object | undefined
  /** Limits of the resources that strangers may hold. */
  readonly capacity: Capacity
  readonly clients: Pick<ClientAuthenticator, 'authenticate'>
  readonly decisions: CallParts
  /** Counts the refusal of a caller that is no gateway of ours. */
  readonly countStranger: (refused: {
    readonly at: string
    readonly reason: string
    readonly ip: string
  }) => void
  readonly log: Logger
  readonly observer: RequestObserver
}
