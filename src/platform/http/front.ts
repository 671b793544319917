import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../lib/clock.ts'
import type { RequestObserver } from '../lib/request-observer.ts'
import { MINUTE } from '../lib/time-units.ts'
import { LinkedSet } from '../lib/under-way/linked-set.ts'
import { Admission, refuseBusy } from './inbound/admission.ts'
import { boundedServer, CAPACITY, type Capacity } from './inbound/bounded-server.ts'
import type { ClientAddresses } from './inbound/client-addresses.ts'
import { doubt } from './inbound/framing.ts'
import type { ServerCertificate } from './inbound/server-certificate.ts'

const LIMITS = {
  /** Request head within 10 s, whole request within 60 s. */
  headersTimeout: 10_000,
  requestTimeout: MINUTE,
  keepAliveTimeout: 15_000,
  maxHeaderSize: 24 * 1024,
  connectionsCheckingInterval: 5_000,
  insecureHTTPParser: false,
} as const
const MAX_HEADERS = 64

/** Marks an answer as our own and not an API's. */
const OWN = ['remit-answer', 'own'] as const

/** A request that has arrived, before anything about it is believed. */
export interface ArrivedRequest {
  message: IncomingMessage
  reply: ServerResponse
  ip: string
  /** Marks the connection as unreliable: no later request on it is believed. */
  doubt(): void
  /** Says that it is worked on no longer: it waits for an API or a person. Its end says so anyhow. */
  waits(): void
}

/** A server with hard limits, and the calls under way on it. */
export interface Front {
  readonly server: Server
  readonly underWay: Iterable<Promise<void>> & { readonly size: number }
}

/**
 * Creates the server, which decides which bytes on its connections are requests at all. `handle`
 * answers each request, and never throws.
 */
export function createFront(
  handle: (arrived: ArrivedRequest) => Promise<void>,
  {
    addresses,
    capacity = CAPACITY,
    certificate,
    decisions,
    observer,
  }: {
    readonly addresses: ClientAddresses
    readonly capacity?: Capacity | undefined
    readonly certificate?: ServerCertificate | undefined
    readonly decisions: { readonly clock: Pick<Clock, 'monotonic'> }
    readonly observer: RequestObserver
  },
): Front {
  const underWay = new LinkedSet<Promise<void>>()
  const busy = new WeakMap<Duplex, number>()
  const monotonic = () => decisions.clock.monotonic()
  const admission = new Admission({ addresses, most: capacity.working, monotonic })
  const take = (message: IncomingMessage, reply: ServerResponse) => {
    const leave = admission.enter(message)
    if (!leave) {
      observer.refused('server.busy')
      refuseBusy(message, reply, OWN)
      return
    }
    const { socket } = message
    const arrived = {
      message,
      reply,
      ip: addresses.of(message),
      doubt: () => doubt(message),
      waits: leave,
    }
    const call = observer.follow(message, reply, () => handle(arrived))
    const place = underWay.add(call)
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    void call.finally(() => {
      leave()
      underWay.leave(place)
      busy.set(socket, (busy.get(socket) ?? 0) - 1)
    })
  }
  const server = boundedServer({ addresses, capacity, certificate, http: LIMITS }, take)
  server.maxHeadersCount = MAX_HEADERS
  // Expectations are judged with the rest of the head.
  server.on('checkExpectation', take)
  const refuseSocket = (socket: Duplex, status: string) => {
    // An answer that is running is not to be continued by another one.
    if (!socket.writable || busy.get(socket)) socket.destroy()
    else
      socket.end(
        `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRemit-Answer: own\r\n\r\n`,
      )
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuseSocket(socket, STATUS[error.code ?? ''] ?? '400 Bad Request'),
  )
  // Offers to upgrade are requests like any other (RFC 9110 section 7.8), whose header is judged with the rest of the head.
  server.on('connect', (_, socket) => refuseSocket(socket, '405 Method Not Allowed'))
  return { server, underWay }
}

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}
