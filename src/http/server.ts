import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { Problem } from '../lib/problem.ts'
import { LIMITS } from './limits.ts'
import { requestLog } from './logger.ts'
import type { RateLimits } from './rate-limit.ts'
import { findRaw, type RawHandler } from './raw-handler.ts'
import { logBug, problemHeaders, problemJson, toProblem } from './render-problem.ts'
import { checkRequest } from './request-gate.ts'

export interface NodeServerOptions {
  origin: string
  log: Logger
  headers: Readonly<Record<string, string>>
  raw: readonly RawHandler[]
  limits: Pick<RateLimits, 'check'>
  newRequestId(): string
  /** Monotonic milliseconds. */
  monotonic(): number
  /** Everything that no raw handler takes. */
  otherwise(request: IncomingMessage, response: ServerResponse): void
}

/** Answers with a problem where no router is: RFC 9457, with our headers. */
function refuse(response: ServerResponse, problem: Problem, requestId: string): void {
  const body = Buffer.from(problemJson(problem, requestId))
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    ...problemHeaders(problem),
  })
  response.end(body)
}

async function handleRaw(
  options: NodeServerOptions & { readonly lines: Logger },
  handler: RawHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = options.newRequestId()
  const context = {
    requestId,
    get log() {
      return options.log.child({ reqId: requestId })
    },
  }
  const begin = options.monotonic()
  for (const [name, value] of Object.entries(options.headers)) response.setHeader(name, value)
  response.setHeader('request-id', requestId)
  response.on('close', () => {
    const level = handler.inBooks && response.statusCode < 400 ? 'debug' : 'info'
    options.lines[level](
      {
        reqId: requestId,
        method: request.method,
        route: handler.name,
        status: response.statusCode,
        ms: Math.round(options.monotonic() - begin),
      },
      'request',
    )
  })
  try {
    checkRequest(request, options.origin)
    options.limits.check(request)
    await handler.handle(request, response, context)
  } catch (error) {
    const { problem, bug } = toProblem(error)
    if (bug !== undefined) logBug(context.log, bug)
    if (response.headersSent) response.destroy()
    else refuse(response, problem, requestId)
  }
}

/** Bytes that are no request: nothing of them is believed, so the answer is fixed and the socket ends. */
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

/** The Node server: hard limits, raw handlers first, then the router. */
export function createNodeServer(options: NodeServerOptions): Server {
  const withLines = { ...options, lines: requestLog(options.log) }
  const server = createServer(
    {
      headersTimeout: LIMITS.headersTimeout,
      requestTimeout: LIMITS.requestTimeout,
      keepAliveTimeout: LIMITS.keepAliveTimeout,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: LIMITS.headerBytes,
      requireHostHeader: true,
      insecureHTTPParser: false,
      noDelay: true,
    },
    (request, response) => {
      const handler = findRaw(options.raw, request.url ?? '')
      if (handler) void handleRaw(withLines, handler, request, response)
      else options.otherwise(request, response)
    },
  )
  server.maxHeadersCount = LIMITS.headerCount
  server.on('checkExpectation', (_request, response) => {
    for (const [name, value] of Object.entries(options.headers)) response.setHeader(name, value)
    const problem = new Problem('request.bad_header', 'the expectation is not known')
    refuse(response, problem, options.newRequestId())
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
