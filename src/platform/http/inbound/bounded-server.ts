import type { IncomingMessage, RequestListener, Server, ServerOptions } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'
import { AddressQuota } from '../../lib/under-way/address-quota.ts'
import { BoundedRequest, type InboundLimits } from './bounded-request.ts'
import { BoundedResponse } from './bounded-response.ts'
import { ClientAddresses } from './client-addresses.ts'
import { isDoubted } from './framing.ts'
import { nodeHttp } from './node-http.ts'
import type { ServerCertificate } from './server-certificate.ts'

/** Resources that strangers may hold of one origin, in total and for each address. */
export interface Capacity {
  readonly connections: { readonly total: number; readonly perAddress: number }
  /** Bytes of bodies that have not been read to their end. */
  readonly bodyBytes: { readonly total: number; readonly perAddress: number }
  /** Requests of programs that are worked on at once; those that wait for an API do not count. */
  readonly working: number
}

export const CAPACITY: Capacity = {
  connections: { total: 5_000, perAddress: 500 },
  bodyBytes: { total: 64 * 1_048_576, perAddress: 16 * 1_048_576 },
  working: 400,
}

/** A Node server whose connections and bodies are bounded, whatever their handlers do with them. */
export function boundedServer(
  given: {
    readonly addresses?: ClientAddresses | undefined
    readonly capacity?: Omit<Capacity, 'working'> | undefined
    /** Certificate that it shows; absent where it speaks plain HTTP. */
    readonly certificate?: ServerCertificate | undefined
    readonly http: ServerOptions
  },
  handle: RequestListener,
): Server {
  const { addresses = new ClientAddresses(), capacity = CAPACITY, certificate, http } = given
  const limits: InboundLimits = { addresses, bodies: new AddressQuota(capacity.bodyBytes) }
  class Request extends BoundedRequest {
    constructor(socket: Socket) {
      super(socket, limits)
    }
  }
  const classes = { IncomingMessage: Request, ServerResponse: BoundedResponse }
  const options = { ...http, ...classes } as ServerOptions // as: its classes are those of Node, more narrowly typed
  const take: RequestListener = (request, response) => {
    if (!isDoubted(request)) handle(request, response)
  }
  const server = certificate?.server(options) ?? nodeHttp.createServer(options)
  server.on('request', take)
  boundConnections(server, { addresses, capacity })
  server.on('checkContinue', (request: IncomingMessage, response: BoundedResponse) => {
    if (request instanceof BoundedRequest) request.awaitReader(() => response.writeContinue())
    take(request, response)
  })
  return server
}

/** Bounds the connections of a server, in total and of each address: others are closed at once. */
export function boundConnections(
  server: NetServer,
  {
    addresses,
    capacity,
  }: {
    readonly addresses: ClientAddresses
    readonly capacity: Pick<Capacity, 'connections'>
  },
): void {
  const open = new AddressQuota(capacity.connections)
  server.on('connection', (socket: Socket) => {
    const key = addresses.keyOfConnection(socket.remoteAddress)
    if (open.take(key, 1) !== undefined) {
      socket.destroy()
      return
    }
    socket.once('close', () => open.give(key, 1))
  })
}
