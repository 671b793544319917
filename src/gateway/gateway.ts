import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Problem } from '../lib/problem.ts'
import { systemWait } from '../lib/repeat.ts'
import { Ended, type OwnAnswer } from './ended.ts'
import { HTTP_CALL } from './pipeline.ts'
import type { GatewayPorts } from './ports.ts'

export interface Gateway {
  /** Answers the port it listens on. */
  listen(at: { host: string; port: number }): Promise<number>
  /** Takes no new calls, lets running ones end for a moment, then cuts what still streams. */
  stop(): Promise<void>
}

const LIMITS = {
  /** Request head within 10 s, whole request within 60 s. */
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 15_000,
  maxHeaderSize: 24 * 1024,
  connectionsCheckingInterval: 5_000,
  insecureHTTPParser: false,
} as const
const MOST_HEADERS = 64
const MOST_CONNECTIONS = 10_000
/** How long calls may take to end by themselves when the gateway stops. */
const GRACE_MS = 1_000

/** The data path on its own origin: `node:http` in, an undici dispatcher out. */
export function createGateway(ports: GatewayPorts): Gateway {
  const underWay = new Set<Promise<void>>()
  const server = http.createServer(LIMITS, (message, reply) => {
    const call = handle(message, reply, ports)
    underWay.add(call)
    void call.finally(() => underWay.delete(call))
  })
  server.maxHeadersCount = MOST_HEADERS
  server.maxConnections = MOST_CONNECTIONS
  server.on('clientError', (_, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    else socket.destroy()
  })
  for (const offer of ['upgrade', 'connect'] as const) {
    server.on(offer, (_, socket) =>
      socket.end(
        'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      ),
    )
  }
  return {
    async listen({ host, port }) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      return (server.address() as AddressInfo).port // listening on TCP
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const ended = new AbortController()
      await Promise.race([Promise.all(underWay), systemWait(GRACE_MS, ended.signal)])
      ended.abort()
      await ports.running.stop()
      server.closeAllConnections()
      // INVARIANT: storage is let go of only after every call under way has recorded how it ended.
      await Promise.all(underWay)
      await closed
    },
  }
}

async function handle(
  message: IncomingMessage,
  reply: ServerResponse,
  ports: GatewayPorts,
): Promise<void> {
  try {
    await HTTP_CALL.run({ message, reply, ip: message.socket.remoteAddress ?? '' }, ports)
  } catch (error) {
    if (error instanceof Ended) answer(message, reply, error.answer)
    else answer(message, reply, failure(error, ports))
  }
}

/** The gateway's one renderer. What is not a `Problem` is a bug: logged whole, shown without its text. */
function failure(error: unknown, ports: GatewayPorts): OwnAnswer {
  if (error instanceof Problem && error.status < 500)
    return { status: error.status, problem: error }
  ports.log.error({ err: error }, 'a call failed')
  const problem =
    error instanceof Problem ? error : new Problem('server.failed', 'the call was not sent')
  return { status: problem.status, problem }
}

function answer(message: IncomingMessage, reply: ServerResponse, own: OwnAnswer): void {
  if (reply.headersSent || reply.destroyed) {
    reply.destroy()
    return
  }
  const { headers = {}, problem, status } = own
  const text = JSON.stringify(problem ?? own.body)
  // An unread body would be taken for the next request's beginning by someone; the connection ends instead.
  const unread = !message.complete
  reply.writeHead(status, {
    'content-type': problem ? 'application/problem+json' : 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(unread ? { connection: 'close' } : {}),
    ...headers,
  })
  reply.end(text)
}
