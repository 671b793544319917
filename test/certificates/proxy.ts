import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Answer, WireOptions } from '../wire.ts'
import { headerOf, type SelfSigned, selfSigned } from './certificate.ts'

/** Ends TLS in front of a server, and says which certificate a client showed: what a real proxy has to do, and no more. */
export class TlsProxy {
  readonly #server: https.Server
  readonly #own: SelfSigned

  private constructor(server: https.Server, own: SelfSigned) {
    this.#server = server
    this.#own = own
  }

  static start(upstream: string): Promise<TlsProxy> {
    return TlsProxy.before((request, reply) => pass(upstream, request, reply))
  }

  /** Starts a proxy that answers its connections itself, with `answer`. */
  static async before(answer: http.RequestListener): Promise<TlsProxy> {
    const own = selfSigned()
    const server = https.createServer(
      {
        key: own.keyPem,
        cert: own.certPem,
        requestCert: true,
        // Clients sign their certificates themselves; which one it is, is what counts.
        rejectUnauthorized: false,
      },
      answer,
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new TlsProxy(server, own)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Sends one request for `url`, on a connection of its own, with this certificate or none. */
  async send(
    url: string,
    certificate: SelfSigned | undefined,
    { body, headers = [], method = 'GET' }: WireOptions = {},
  ): Promise<Answer> {
    const { host, pathname, search } = new URL(url)
    const { port } = this.#server.address() as AddressInfo // listening on TCP
    const request = https.request({
      ...{ host: '127.0.0.1', port, method, path: pathname + search, agent: false },
      ca: this.#own.certPem,
      checkServerIdentity: () => undefined,
      ...(certificate ? { key: certificate.keyPem, cert: certificate.certPem } : {}),
      headers: { host, ...Object.fromEntries(headers) },
    })
    request.end(body)
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage] // as Node says it
    const text = Buffer.concat(await answer.toArray()).toString('utf8')
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      text,
      body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}, // an object
    }
  }
}

function pass(upstream: string, request: http.IncomingMessage, reply: http.ServerResponse): void {
  const { 'client-cert': _, 'client-cert-chain': __, ...headers } = request.headers
  const [leaf, ...chain] = shownBy(request.socket as TLSSocket) // it listens with TLS
  const passed = http.request(new URL(request.url ?? '/', upstream), {
    method: request.method,
    headers: {
      ...headers,
      ...(leaf ? { 'client-cert': headerOf(leaf) } : {}),
      ...(chain.length > 0 ? { 'client-cert-chain': chain.map(headerOf).join(', ') } : {}),
    },
  })
  passed.on('response', (answer) => {
    reply.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(reply)
  })
  passed.on('error', () => reply.destroy())
  request.pipe(passed)
}

/** Lists the certificates that the client sent, the leaf first (RFC 9440 section 2.3). */
function shownBy(socket: TLSSocket): Buffer[] {
  const all: Buffer[] = []
  let next = socket.getPeerCertificate(true)
  while (next?.raw && !all.some((one) => one.equals(next.raw))) {
    all.push(next.raw)
    next = next.issuerCertificate
  }
  return all
}
