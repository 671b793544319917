import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import net from 'node:net'
import { freePorts } from './ports.ts'

/** A request that reached an API. */
export interface ReceivedRequest {
  readonly method: string
  /** The target exactly as it came. */
  readonly target: string
  readonly headers: http.IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
  /** The body, where it is no text. */
  readonly bytes: Buffer
}

/** An API that keeps what reached it and answers what a test wants. */
export interface Upstream {
  readonly origin: string
  readonly reached: readonly ReceivedRequest[]
  /** Connections that were opened, whatever came over them. */
  readonly connections: number
  /** Answers from now on; `undefined`: 200 with what it saw. */
  answer: ((request: IncomingMessage, reply: ServerResponse, body: string) => void) | undefined
  /** Takes the bytes of every new connection instead of HTTP. */
  raw: ((socket: net.Socket) => void) | undefined
  /** Waits until so many requests have arrived since it was last forgotten. */
  arrived(count: number): Promise<void>
  forget(): void
  /** Stops listening, and then listens again at the same address. */
  pause(): Promise<void>
  resume(): Promise<void>
  close(): Promise<void>
}

/** Starts one; `at` is its port, a free one when left out. */
export async function startUpstream(at?: number): Promise<Upstream> {
  const reached: ReceivedRequest[] = []
  const waiting: { count: number; done: () => void }[] = []
  const sockets = new Set<net.Socket>()
  const web = http.createServer(async (request, reply) => {
    const parts = await request.toArray().catch(() => undefined)
    if (!parts) return // Of what did not come whole an API makes nothing.
    const bytes = Buffer.concat(parts)
    const body = bytes.toString('utf8')
    const { method = '', url: target = '', headers, rawHeaders } = request
    reached.push({ method, target, headers, rawHeaders, body, bytes })
    for (const each of waiting) if (reached.length >= each.count) each.done()
    if (upstream.answer) upstream.answer(request, reply, body)
    else
      reply
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ method, target, body }))
  })
  // A test that waits leaves no connection to end just when the next call takes it.
  web.keepAliveTimeout = 600_000
  // In front of it, so that a test can have the bytes.
  const front = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    upstream.connections++
    if (upstream.raw) upstream.raw(socket)
    else web.emit('connection', socket)
  })
  const [port = 0] = at === undefined ? await freePorts(1) : [at]
  await once(front.listen(port, '127.0.0.1'), 'listening')
  const upstream = {
    origin: `http://127.0.0.1:${port}`,
    reached,
    connections: 0,
    answer: undefined as Upstream['answer'],
    raw: undefined as Upstream['raw'],
    arrived: (count: number) =>
      reached.length >= count
        ? Promise.resolve()
        : new Promise<void>((done) => waiting.push({ count, done })),
    forget() {
      reached.length = 0
      waiting.length = 0
      upstream.answer = undefined
      upstream.raw = undefined
    },
    async pause() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => front.close(resolve))
    },
    async resume() {
      await once(front.listen(port, '127.0.0.1'), 'listening')
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => front.close(resolve))
    },
  }
  return upstream
}
