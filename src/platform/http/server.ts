import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { Problem } from '../lib/problem.ts'
import type { RequestObserver } from '../lib/request-observer.ts'
import { activeTrace, traceMembers } from '../lib/trace.ts'
import { Admission, refuseBusy } from './inbound/admission.ts'
import { boundedServer, CAPACITY, type Capacity } from './inbound/bounded-server.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import type { LineBudget } from './inbound/line-budget.ts'
import type { ServerCertificate } from './inbound/server-certificate.ts'
import type { StrangerLimits } from './inbound/stranger-limits.ts'
import { LIMITS } from './limits.ts'
import { requestLog } from './logger.ts'
import type { RateLimits } from './rate-limit.ts'
import { type RawContext, type RawHandler, rawFinder } from './raw-handler.ts'
import { logBug, problemHeaders, problemJson, toProblem } from './render-problem.ts'
import { requestGate } from './request-gate.ts'

export interface NodeServerOptions {
  origin: string
  log: Logger
  headers: Readonly<Record<string, string>>
  raw: readonly RawHandler[]
  limits: Pick<RateLimits, 'check'>
  addresses?: ClientAddresses | undefined
  capacity?: Capacity | undefined
  /** Certificate that it shows; absent where it speaks plain HTTP. */
  certificate?: ServerCertificate | undefined
  strangers: StrangerLimits
  budget: LineBudget
  observer: RequestObserver
  newRequestId(): string
  /** Monotonic milliseconds. */
  monotonic(): number
  /** Handles every request that no raw handler takes. */
  otherwise(request: IncomingMessage, response: ServerResponse): void
}

/** Answers with a problem where no router is: RFC 9457, with our headers. */
function sendProblem(response: ServerResponse, problem: Problem, requestId: string): void {
  const body = Buffer.from(problemJson(problem, requestId))
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    ...problemHeaders(problem),
  })
  response.end(body)
}

/** Values that are made once for all requests. */
interface ServerParts extends NodeServerOptions {
  readonly lines: Logger
  /** Name and value in turns. */
  readonly flat: readonly string[]
  check(request: IncomingMessage): void
}

async function handleRaw(
  options: ServerParts,
  handler: RawHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const context = new Context(options, handler, request)
  if (!handler.atOnce) setHeaders(response, context.headers())
  const line = { handler, request, response, begin: options.monotonic() }
  if (!handler.inBooks) logWhenClosed(options, context, line)
  try {
    options.check(request)
    options.limits.check(request)
    await handler.handle(request, response, context)
  } catch (error) {
    fail(response, context, error)
  }
  if (handler.inBooks) logWhenClosed(options, context, line)
}

class Context implements RawContext {
  readonly requestId: string
  readonly #options: ServerParts
  readonly #handler: RawHandler
  readonly #request: IncomingMessage

  constructor(options: ServerParts, handler: RawHandler, request: IncomingMessage) {
    this.#options = options
    this.#handler = handler
    this.#request = request
    this.requestId = options.newRequestId()
  }

  judge(problem: Problem, counted?: 'counted'): Problem {
    const judged = this.#judge(problem, counted)
    this.#options.observer.refused(judged.code)
    return judged
  }

  #judge(problem: Problem, counted?: 'counted'): Problem {
    const { strangers } = this.#options
    if (counted === undefined) return strangers.judge(this.#request, problem, this.#handler.name)
    return (problem.status === 401 ? strangers.limit(this.#request) : undefined) ?? problem
  }

  explain({ cause, code }: Problem): void {
    if (!(cause instanceof Problem)) return
    const line = this.#options.budget.take(this.#request)
    if (!line) return
    const why = { because: cause.code, detail: cause.detail.slice(0, MAX_DETAIL) }
    this.#options.lines.info(
      { reqId: this.requestId, reason: code, ...why, ...skippedIn(line) },
      'refused',
    )
  }

  get log(): Logger {
    return this.#options.log.child({ reqId: this.requestId })
  }

  headers(): string[] {
    return [...this.#options.flat, 'request-id', this.requestId]
  }
}

/** Maximum characters of a detail that is logged with a refusal: a stranger wrote some of it. */
const MAX_DETAIL = 300

function fail(response: ServerResponse, context: RawContext, error: unknown): void {
  const { problem: found, bug } = toProblem(error)
  if (bug !== undefined) logBug(context.log, bug)
  const problem = context.judge(found)
  if (response.headersSent) {
    response.destroy()
    return
  }
  setHeaders(response, context.headers())
  sendProblem(response, problem, context.requestId)
}

function logWhenClosed(
  { budget, lines, monotonic }: ServerParts,
  { requestId }: RawContext,
  of: {
    readonly handler: RawHandler
    readonly request: IncomingMessage
    readonly response: ServerResponse
    readonly begin: number
  },
): void {
  const { begin, handler, request, response } = of
  const levelNow = () => (handler.inBooks && response.statusCode < 400 ? 'debug' : 'info')
  // For a request in the books the status is known by now, and most of it needs no line.
  if (handler.inBooks && !lines.isLevelEnabled(levelNow())) return
  const trace = activeTrace()
  const log = () => {
    const ms = Math.round(monotonic() - begin)
    const status = response.statusCode
    const sampled = status >= 400 && status < 500 ? budget.take(request) : NOT_SAMPLED
    if (!sampled) return
    const line = { reqId: requestId, method: request.method, route: handler.name, status, ms }
    lines[levelNow()]({ ...line, ...skippedIn(sampled), ...traceMembers(trace) }, 'request')
  }
  if (response.closed) log()
  else response.on('close', log)
}

const NOT_SAMPLED = { skipped: 0 } as const

/**
 * Member of a log line that counts the refusals without a line before it; none when there were
 * none.
 */
export function skippedIn({ skipped }: { readonly skipped: number }) {
  return skipped === 0 ? {} : { skipped }
}

function setHeaders(response: ServerResponse, headers: readonly string[]): void {
  for (let i = 0; i + 1 < headers.length; i += 2)
    response.setHeader(headers[i] ?? '', headers[i + 1] ?? '')
}

/**
 * Ends a socket whose bytes are no request: nothing of them is believed, so the answer is fixed.
 */
export function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const HTTP = {
  headersTimeout: LIMITS.headersTimeout,
  requestTimeout: LIMITS.requestTimeout,
  keepAliveTimeout: LIMITS.keepAliveTimeout,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: LIMITS.headerBytes,
  requireHostHeader: true,
  insecureHTTPParser: false,
  noDelay: true,
} as const

/** The Node server: hard limits, raw handlers first, then the router. */
export function createNodeServer(options: NodeServerOptions): Server {
  const prepared: ServerParts = {
    ...options,
    lines: requestLog(options.log),
    flat: Object.entries(options.headers).flat(),
    check: requestGate(options.origin),
  }
  const find = rawFinder(options.raw)
  const { addresses = new ClientAddresses(), capacity = CAPACITY, monotonic } = options
  const admission = new Admission({ addresses, most: capacity.working, monotonic })
  /** Runs work where there is room for it. People's pages, revocation and health always have room. */
  const admitted = (
    handler: RawHandler,
    request: IncomingMessage,
    response: ServerResponse,
  ): void => {
    const leave = handler.isWork ? admission.enter(request) : () => {}
    if (leave) {
      void handleRaw(prepared, handler, request, response).finally(leave)
      return
    }
    options.observer.refused('server.busy')
    refuseBusy(request, response, prepared.flat)
  }
  const server = boundedServer({ ...options, http: HTTP }, (request, response) => {
    const handler = find(request.url ?? '')
    const handle = () => {
      if (handler) admitted(handler, request, response)
      else options.otherwise(request, response)
    }
    const { observer } = options
    observer.follow(request, response, handle)
    if (handler) observer.place(request, handler.edge ?? 'oauth', handler.paths[0])
  })
  server.maxHeadersCount = LIMITS.headerCount
  server.on('checkExpectation', (_request, response) => {
    setHeaders(response, prepared.flat)
    const problem = new Problem('request.bad_header', 'the value of `Expect` is not supported')
    sendProblem(response, problem, options.newRequestId())
  })
  return server
}

/** Listening failures in words. */
export function listenProblem(error: unknown, port: number): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  if (code === 'EADDRINUSE') {
    return new Problem('server.port_in_use', `port ${port} is taken by another program`, {
      cause: error,
    })
  }
  return error
}
