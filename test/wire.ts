import http from 'node:http'
import net from 'node:net'

/** An answer as it came, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  /** The body as an object; empty when it is none. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface WireOptions {
  readonly method?: string
  /** Names may come more than once, in any spelling. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Buffer
  /** Port to connect to, when that is not where the address says. */
  readonly port?: number | undefined
  /** Value of `Host`, when that is not what the address says. */
  readonly host?: string | undefined
}

/**
 * Sends one request on a connection of its own, with exactly these headers (and Host, and
 * Content-Length when there is a body).
 */
export async function send(url: string, sending: WireOptions = {}): Promise<Answer> {
  const message = await begin(url, sending)
  const text = Buffer.concat(await message.toArray()).toString('utf8')
  return { status: message.statusCode ?? 0, headers: message.headers, text, body: objectOf(text) }
}

/** Sends, and answers as soon as the head of the answer is there. */
export function begin(url: string, sending: WireOptions = {}): Promise<http.IncomingMessage> {
  const { method = 'GET', headers = [], body } = sending
  const { hostname, port, host } = new URL(url)
  const framed = headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))
  const length = Buffer.byteLength(body ?? '')
  const sized = !framed && (length > 0 || !/^(?:GET|HEAD)$/.test(method))
  const own: (readonly [string, string])[] = [
    ['Host', sending.host ?? host],
    ...headers,
    ...(sized ? [['Content-Length', String(length)] as const] : []),
  ]
  return new Promise((resolve, reject) => {
    const request = http.request({
      method,
      hostname,
      port: sending.port ?? port,
      path: url.slice(url.indexOf(host) + host.length) || '/',
      agent: false,
      setHost: false,
      headers: own.flat(),
    })
    request.once('response', resolve)
    request.once('error', reject)
    request.end(body)
  })
}

/**
 * A request whose answer nobody waits for: `leave` ends the connection. `begin`: what is sent of a
 * body that does not end.
 */
export function abandon(
  url: string,
  sending: WireOptions & { readonly begin?: string },
): { leave(): void } {
  const { method = 'GET', headers = [] } = sending
  const { hostname, pathname, port, host } = new URL(url)
  const flat = [['Host', host], ...headers].flat()
  const request = http.request({
    method,
    hostname,
    port,
    path: pathname,
    agent: false,
    setHost: false,
    headers: flat,
  })
  request.on('error', () => {})
  if (sending.begin === undefined) request.end()
  else request.write(sending.begin)
  return { leave: () => void request.destroy() }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {} // any object
  } catch {
    return {}
  }
}

/**
 * Sends bytes as they are, and behind them a request that ends the connection; answers everything that came back. The
 * last one is answered with 404 when everything before it was taken for whole requests, and not at all when the
 * connection was ended because of what came before it.
 */
export function exchange(origin: string, bytes: string): Promise<string> {
  const { host, hostname, port } = new URL(origin)
  const last = `GET /the/end/of/it HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes + last, 'utf8'))
    socket.setEncoding('utf8')
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no end of it: ${answer}`)))
    socket.on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      // What was sent may still be on its way when the other side has closed.
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(answer) : reject(error),
    )
  })
}

/** Sends the head of a request and nothing of the body that it announces; answers everything that came back until the connection ended. */
export function headOnly(
  url: string,
  method: string,
  headers: readonly (readonly [string, string])[],
): Promise<string> {
  const { host, hostname, pathname, port } = new URL(url)
  const lines = [`${method} ${pathname} HTTP/1.1`, `Host: ${host}`]
  const own = headers.map(([name, value]) => `${name}: ${value}`)
  return new Promise((resolve, reject) => {
    let answer = ''
    const head = `${[...lines, ...own].join('\r\n')}\r\n\r\n`
    const socket = net.connect(Number(port), hostname, () => socket.write(head))
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no end of it: ${answer}`)))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

const PATIENCE_MS = 60_000
