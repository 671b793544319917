import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base64url, sameBytes } from '../../platform/lib/bytes.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { type Json, type JsonObject, parseJson } from '../../platform/lib/json.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import {
  isSessionRevision,
  MCP,
  messageOf,
  printMessage,
  RPC,
  type RpcId,
  type RpcMessage,
  type RpcRequest,
  STATELESS_REVISION,
} from '../../platform/net/index.ts'
import { MAX_MESSAGE_BYTES, type ServerCommand, ServerProcess } from './server-process.ts'
import { StdioConversation } from './stdio-conversation.ts'

export interface WrappedOptions {
  readonly command: ServerCommand
  /** Credential that the gateway presents. */
  readonly secret: Secret
  /** Maximum of processes, one for each session of the gateway. */
  readonly maxProcesses: number
  readonly clock: Clock
  readonly random: Random
  readonly wait: (ms: number) => Promise<void>
  /** Told what the server's processes write besides messages. */
  readonly onWords: (line: string, cut: boolean) => void
  /** Told what happens to processes. */
  readonly onEvent: (words: string) => void
}

const PATH = '/mcp'
const LOOPBACK = '127.0.0.1'
/** Time after which an unused session is ended, with its process; the gateway begins another one. */
const IDLE_MS = 15 * MINUTE
const SWEEP_EVERY_MS = MINUTE
/** Time that the first process gets to answer: a launcher may have to fetch the program first. */
const PROBE_MS = MINUTE
const PROBE_EVERY_MS = 20
/** A process that lived so long was not broken from the start. */
const STEADY_MS = MINUTE
const MAX_PAUSE_MS = 30_000
const MAX_CONNECTIONS = 256

interface RunningServer {
  readonly process: ServerProcess
  readonly conversation: StdioConversation
  usedAt: number
}

/**
 * An MCP server over standard streams, made reachable over Streamable HTTP on loopback, for callers with the secret. Each session of
 * the gateway has a process of its own, so what one task's process keeps in memory is no other task's. A server that speaks nothing but
 * 2026-07-28 has no sessions, and keeps nothing between requests (basic, "Statelessness"): one process serves them all.
 */
export class WrappedServer {
  readonly #options: WrappedOptions
  readonly #sessions = new Map<string, RunningServer>()
  readonly #running = new Set<RunningServer>()
  readonly #http: Server
  #starting = 0
  #stateless = false
  #sweeping: NodeJS.Timeout | undefined
  /** The process of a server without sessions. */
  #shared: Promise<RunningServer> | undefined
  #failures = 0
  #notBefore = 0
  #closing = false

  constructor(options: WrappedOptions) {
    this.#options = options
    this.#http = createServer(
      { requestTimeout: 30_000, headersTimeout: 10_000 },
      (request, reply) => {
        void this.#take(request, reply).catch(() => reply.destroy())
      },
    )
    this.#http.maxConnections = MAX_CONNECTIONS
  }

  /**
   * Starts the program to ask for its revisions, then listens. Answers the port.
   * @throws Error when the program cannot be started, or the port is taken
   */
  async listen(port: number): Promise<number> {
    await this.#learn()
    if (this.#closing) throw new Error('it was stopped')
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      // INVARIANT: loopback, and no other address of this machine.
      this.#http.listen(port, LOOPBACK, resolve)
    })
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref()
    return this.#port
  }

  /** Ends every process. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#sweeping)
    this.#http.close()
    await Promise.all([...this.#running].map(({ process }) => process.end()))
    this.#http.closeAllConnections()
  }

  get url(): string {
    return `http://${LOOPBACK}:${this.#port}${PATH}`
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port // listening on TCP
  }

  async #take(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return endReply(reply, refusal)
    const id = request.headers['mcp-session-id']
    const session = this.#sessions.get(String(id))
    if (id !== undefined && !session) return endReply(reply, 404)
    if (session) session.usedAt = this.#options.clock.now()
    if (request.method === 'DELETE') {
      if (session) void this.#endSession(String(id))
      return endReply(reply, session ? 204 : 404)
    }
    const body = await bodyOf(request)
    if (body === undefined) return endReply(reply, 413)
    let message: RpcMessage
    try {
      message = messageOf(parseJson(body, { bytes: MAX_MESSAGE_BYTES }))
    } catch {
      return fail(reply, 400, undefined, RPC.invalidRequest, 'this is no message')
    }
    await this.#pass(message, session, reply)
  }

  /**
   * Status for a request that is not from the gateway. INVARIANT: before anything else of it counts. `Host` and `Origin` are looked at
   * because a page in a browser here can send requests to loopback, under a name that resolves to it (DNS rebinding).
   */
  #refusal({ headers, method, url }: IncomingMessage): number | undefined {
    if (headers.host !== `${LOOPBACK}:${this.#port}` || headers.origin !== undefined) return 403
    const given = Buffer.from(headers.authorization ?? '')
    if (!sameBytes(given, Buffer.from(`Bearer ${this.#options.secret.reveal()}`))) return 401
    if (url !== PATH) return 404
    if (method !== 'POST' && method !== 'DELETE') return 405
    if (
      method === 'POST' &&
      !/^application\/json[ \t]*(?:;|$)/i.test(headers['content-type'] ?? '')
    )
      return 415
    return undefined
  }

  async #pass(
    message: RpcMessage,
    session: RunningServer | undefined,
    reply: ServerResponse,
  ): Promise<void> {
    if (message.kind !== 'request') {
      const taken = session?.conversation.tell(message)
      return endReply(reply, taken ? 202 : 400)
    }
    if (session) return this.#ask(session, message, reply)
    if (message.method === 'initialize') return this.#begin(message, reply)
    if (this.#stateless) {
      const running = await this.#sharedProcess()
      if (!running) return this.#unavailable(reply, message.id)
      return this.#ask(running, message, reply, true)
    }
    const words = 'this server has sessions; `initialize` begins one'
    return fail(reply, 200, message.id, RPC.methodNotFound, words)
  }

  #ask(
    { conversation }: RunningServer,
    message: RpcRequest,
    reply: ServerResponse,
    cancels = false,
  ): void {
    if (!conversation.ask(message, reply, cancels)) this.#unavailable(reply, message.id)
  }

  async #begin(message: RpcRequest, reply: ServerResponse): Promise<void> {
    const running = (await this.#room()) ? await this.#start() : undefined
    if (!running) return this.#unavailable(reply, message.id)
    const id = base64url(this.#options.random.bytes(32))
    this.#sessions.set(id, running)
    reply.setHeader('mcp-session-id', id)
    this.#ask(running, message, reply)
  }

  /** Makes room for one process more, for which the one that was idle longest may have to end. */
  async #room(): Promise<boolean> {
    this.#sweep()
    if (this.#full) {
      const ending = [...this.#running].find(({ process }) => process.stopping)
      if (ending) await ending.process.end()
      else await this.#endSession(this.#idleLongest())
    }
    return !this.#full
  }

  get #full(): boolean {
    return this.#running.size + this.#starting >= this.#options.maxProcesses
  }

  #idleLongest(): string {
    const idle = [...this.#sessions].filter(([, { conversation }]) => conversation.busy === 0)
    const [[id] = ['']] = idle.toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    return id
  }

  #sweep(): void {
    const before = this.#options.clock.now() - IDLE_MS
    for (const [id, { conversation, usedAt }] of this.#sessions)
      if (conversation.busy === 0 && usedAt < before) void this.#endSession(id)
  }

  async #endSession(id: string): Promise<void> {
    const running = this.#sessions.get(id)
    this.#sessions.delete(id)
    running?.conversation.cut()
    await running?.process.end()
  }

  async #sharedProcess(): Promise<RunningServer | undefined> {
    const running = await this.#shared?.catch(() => undefined)
    if (running && this.#running.has(running)) return running
    const starting = this.#start()
    this.#shared = starting.then((started) => {
      if (!started) throw new Error('it is not started')
      return started
    })
    this.#shared.catch(() => {})
    return starting
  }

  /** Another process; `undefined`: they crash one after the other, and the next one is not started yet. */
  async #start(): Promise<RunningServer | undefined> {
    if (this.#closing || this.#full || this.#options.clock.now() < this.#notBefore) return undefined
    this.#starting++
    try {
      return await this.#spawn()
    } catch {
      return undefined // told by the process
    } finally {
      this.#starting--
    }
  }

  async #spawn(): Promise<RunningServer> {
    const { clock, command, onWords, wait } = this.#options
    const startedAt = clock.now()
    let running: RunningServer | undefined
    const process = await ServerProcess.start(
      command,
      {
        onMessage: (message) => running?.conversation.hear(message),
        onWords,
        onEnd: (how) => this.#ended(running, how, startedAt),
      },
      wait,
    )
    running = { process, conversation: new StdioConversation(process), usedAt: startedAt }
    this.#running.add(running)
    return running
  }

  #ended(running: RunningServer | undefined, how: string, startedAt: number): void {
    const { clock, onEvent } = this.#options
    if (running) {
      this.#running.delete(running)
      running.conversation.cut()
      for (const [id, session] of this.#sessions) if (session === running) this.#sessions.delete(id)
    }
    if (this.#closing || running?.process.stopping) return
    const now = clock.now()
    this.#failures = now - startedAt < STEADY_MS ? this.#failures + 1 : 1
    // The first crash costs a call; those that follow at once cost time, too.
    const pause =
      this.#failures === 1 ? 0 : Math.min(1_000 * 2 ** (this.#failures - 2), MAX_PAUSE_MS)
    this.#notBefore = now + pause
    const when = pause === 0 ? 'when it is needed' : `in ${pause / 1_000} s at the earliest`
    onEvent(`the server ${how}; calls under way are lost, and it starts again ${when}`)
  }

  #unavailable(reply: ServerResponse, id: RpcId): void {
    reply.setHeader('retry-after', '1')
    fail(reply, 503, id, RPC.internalError, 'the server cannot take this now')
  }

  /**
   * Finds out whether the server has sessions. If it has, it is spoken to in them, because they keep tasks apart.
   * @throws Error when the program cannot be started
   */
  async #learn(): Promise<void> {
    const began = await this.#probe('initialize', INITIALIZE)
    if (isSessionRevision(began?.get('protocolVersion'))) return
    const versions = (await this.#probe('server/discover', DISCOVER))?.get('supportedVersions')
    this.#stateless = Array.isArray(versions) && versions.includes(STATELESS_REVISION)
  }

  /** Answer of a process of its own to one request; `undefined`: an error, or none in time. */
  async #probe(method: string, params: JsonObject): Promise<JsonObject | undefined> {
    const { clock, command, onWords, wait } = this.#options
    let answer: RpcMessage | undefined
    let over = false
    const listener = {
      onMessage: (message: RpcMessage) => {
        if (message.kind === 'result' || message.kind === 'error') answer ??= message
      },
      onWords,
      onEnd: () => {
        over = true
      },
    }
    const probe = await ServerProcess.start(command, listener, wait)
    probe.send({ kind: 'request', id: 'probe', method, params })
    const until = clock.now() + PROBE_MS
    while (!answer && !over && !this.#closing && clock.now() < until) await wait(PROBE_EVERY_MS)
    await probe.end()
    return answer?.kind === 'result' ? answer.result : undefined
  }
}

const CLIENT: JsonObject = new Map([
  ['name', 'remit'],
  ['version', '0'],
])
const NO_CAPABILITIES: JsonObject = new Map()
const DISCOVER: JsonObject = new Map([
  [
    '_meta',
    new Map<string, Json>([
      [MCP.meta.protocolVersion, STATELESS_REVISION],
      [MCP.meta.clientInfo, CLIENT],
      [MCP.meta.clientCapabilities, NO_CAPABILITIES],
    ]),
  ],
])
const INITIALIZE: JsonObject = new Map<string, Json>([
  ['protocolVersion', MCP.sessions[0]],
  ['capabilities', NO_CAPABILITIES],
  ['clientInfo', CLIENT],
])

/** `undefined`: it is longer than a message may be. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_MESSAGE_BYTES) return undefined
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_MESSAGE_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function endReply(reply: ServerResponse, status: number): void {
  reply.writeHead(status, {
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    // The rest of a refused body is not read.
    ...(status >= 400 ? { connection: 'close' } : {}),
  })
  reply.end()
}

function fail(
  reply: ServerResponse,
  status: number,
  id: RpcId | undefined,
  code: number,
  message: string,
): void {
  reply.writeHead(status, { 'content-type': 'application/json' })
  reply.end(printMessage({ kind: 'error', id, code, message, data: undefined }))
}
