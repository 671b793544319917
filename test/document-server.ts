import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { selfSigned, trustAlso } from './certificate.ts'

/** A server of somebody who publishes documents of clients, over TLS on loopback. */
export interface DocumentServer {
  readonly origin: string
  readonly asked: IncomingMessage[]
  /** Serves this document at a path from now on. */
  put(path: string, document: unknown, headers?: Readonly<Record<string, string>>): void
  /** Answers a path in its own way. */
  answer(path: string, listener: RequestListener): void
  close(): Promise<void>
}

export async function serveDocuments(): Promise<DocumentServer> {
  const { cert, key } = selfSigned('127.0.0.1', 'localhost')
  trustAlso(cert)
  const at = new Map<string, RequestListener>()
  const asked: IncomingMessage[] = []
  const server = createServer({ cert, key }, (request, reply) => {
    asked.push(request)
    const listener = at.get(request.url ?? '')
    if (listener) listener(request, reply)
    else reply.writeHead(404, { 'content-type': 'application/json' }).end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    origin: `https://127.0.0.1:${port}`,
    asked,
    put(path, document, headers = {}) {
      at.set(path, (_, reply) =>
        reply
          .writeHead(200, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(document)),
      )
    },
    answer: (path, listener) => void at.set(path, listener),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
