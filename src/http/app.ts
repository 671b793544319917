import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { base64url } from '../lib/bytes.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { addHealth, type HealthCheck } from './health.ts'
import type { Capacity } from './inbound/bounded-server.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import { collectBody } from './inbound/collect-body.ts'
import { LineBudget } from './inbound/line-budget.ts'
import { readLargeJson } from './inbound/read-large-json.ts'
import { readPlainJson } from './inbound/read-plain-json.ts'
import { StrangerLimits } from './inbound/stranger-limits.ts'
import { LIMITS } from './limits.ts'
import { requestLog } from './logger.ts'
import { type RateLimit, RateLimits } from './rate-limit.ts'
import type { RawHandler } from './raw-handler.ts'
import { readFields } from './read-fields.ts'
import { type ProblemPage, renderProblem } from './render-problem.ts'
import { requestGate } from './request-gate.ts'
import { SCHEMA_COMPILERS } from './schema-compilers.ts'
import { securityHeaders } from './security-headers.ts'
import { createNodeServer, listenProblem, refuseBytes, skippedIn } from './server.ts'

export interface HttpOptions {
  /** The one public origin, `https://remit.example`: the only Host answered for, and the only Origin that may change anything. */
  origin: string
  log: Logger
  clock: Clock
  random: Random
  /** Handlers that take their paths before the router. */
  raw?: readonly RawHandler[]
  checks?: readonly HealthCheck[]
  /** Finds the client address of a request. */
  addresses?: ClientAddresses
  /**
   * Limits of the resources that strangers may hold: connections, and bodies that have not arrived
   * whole.
   */
  capacity?: Capacity
  /** Rate limits of one address, by path. */
  rates?: readonly RateLimit[]
  /**
   * Limits how often one address is told why it is refused, and counts the refusals. Default: no
   * limit.
   */
  strangers?: StrangerLimits
  problemPage: ProblemPage
}

export interface HttpServer {
  /** Fastify instance on which edges register their routes. */
  readonly app: FastifyInstance
  /** Throws `Problem('server.port_in_use')`. Port 0 takes a free one. */
  listen(address: { host: string; port: number }): Promise<{ host: string; port: number }>
  /**
   * Makes the server not ready; takes no new connection, lets running requests finish for
   * `graceMs`, then cuts what is left.
   */
  stop(graceMs?: number): Promise<void>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Members of a JSON body that reach the route as text when the body is large, although they were objects. */
    textMembers?: readonly string[]
  }
}

async function readJsonBody(request: FastifyRequest): Promise<unknown> {
  const { bodyLimit, config } = request.routeOptions
  const bytes = await collectBody(request.raw, bodyLimit)
  if (bytes.length <= LIMITS.bodyBytes) return readPlainJson(bytes, bodyLimit)
  return readLargeJson({ bytes, most: bodyLimit, texts: config.textMembers ?? [] })
}

function addGate(
  app: FastifyInstance,
  options: HttpOptions,
  { budget, limits }: { readonly limits: RateLimits; readonly budget: LineBudget },
): void {
  const headers = securityHeaders(options.origin)
  const check = requestGate(options.origin)
  const begun = new WeakMap<object, number>()
  const lines = requestLog(options.log)
  app.addHook('onRequest', async (request, reply) => {
    begun.set(request, options.clock.monotonic())
    reply.headers(headers)
    reply.header('request-id', request.id)
    check(request.raw)
    limits.check(request.raw)
    const target = request.raw.url ?? ''
    const at = target.indexOf('?')
    request.query = Object.fromEntries(readFields(at < 0 ? '' : target.slice(at + 1), 'query'))
  })
  app.addHook('onRequestAbort', async (request) => {
    const route = request.routeOptions.url ?? 'none'
    lines.info({ reqId: request.id, method: request.method, route }, 'request given up')
  })
  app.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(options.clock.monotonic() - (begun.get(request) ?? 0))
    const route = request.routeOptions.url ?? 'none'
    const status = reply.statusCode
    const sampled = status >= 400 && status < 500 ? budget.take(request.raw) : { skipped: 0 }
    if (!sampled) return
    const line = { reqId: request.id, method: request.method, route, status, ms }
    lines.info({ ...line, ...skippedIn(sampled) }, 'request')
  })
}

function addProblems(app: FastifyInstance, page: ProblemPage, strangers: StrangerLimits): void {
  app.setErrorHandler((error, request, reply) => {
    const judged = error instanceof Problem ? strangers.judge(request.raw, error, ROUTES) : error
    return renderProblem(request, reply, judged, page)
  })
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem('request.not_found', 'there is nothing at this address')
    return renderProblem(request, reply, problem, page)
  })
}

/**
 * Name of the edges that are routes: management API, pages, the endpoints of tasks and direct APIs.
 */
const ROUTES = 'request'

function createApp(options: HttpOptions): FastifyInstance {
  const newRequestId = () => base64url(options.random.bytes(12))
  const monotonic = () => options.clock.monotonic()
  const { addresses = new ClientAddresses() } = options
  const limits = new RateLimits(options.rates ?? [], monotonic, addresses)
  const strangers = options.strangers ?? new StrangerLimits({ addresses, monotonic, perMinute: 0 })
  const budget = new LineBudget(addresses, monotonic)
  const app = Fastify({
    loggerInstance: options.log as FastifyBaseLogger, // pino's type says less than what it does
    // Its lines have the address in them; ours is written in the gate.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    requestIdHeader: false,
    bodyLimit: LIMITS.bodyBytes,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    schemaController: { compilersFactory: SCHEMA_COMPILERS },
    routerOptions: {
      maxParamLength: LIMITS.parameterLength,
      // Read strictly in the gate, where a refusal can be answered.
      querystringParser: () => ({}),
    },
    frameworkErrors: (error, request, reply) => {
      reply.headers(securityHeaders(options.origin))
      renderProblem(request, reply, error, options.problemPage)
    },
    clientErrorHandler: refuseBytes,
    serverFactory: (otherwise) =>
      createNodeServer({
        origin: options.origin,
        log: options.log,
        headers: securityHeaders(options.origin),
        raw: options.raw ?? [],
        ...{ limits, strangers, budget, monotonic, addresses },
        capacity: options.capacity,
        newRequestId,
        otherwise,
      }),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', readJsonBody)
  addProblems(app, options.problemPage, strangers)
  addGate(app, options, { limits, budget })
  return app
}

/** The server of the issuer's origin: one listener for protocol, management API and pages. */
export function createHttp(options: HttpOptions): HttpServer {
  const app = createApp(options)
  let stopping = false
  addHealth(app, options.checks ?? [], () => stopping)
  return {
    app,
    async listen({ host, port }) {
      try {
        await app.listen({ host, port })
      } catch (error) {
        throw listenProblem(error, port)
      }
      const bound = app.server.address()
      return typeof bound === 'object' && bound
        ? { host: bound.address, port: bound.port }
        : { host, port }
    },
    async stop(graceMs = 10_000) {
      stopping = true
      const cut = setTimeout(() => app.server.closeAllConnections(), graceMs)
      try {
        await app.close()
      } finally {
        clearTimeout(cut)
      }
    },
  }
}
