import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { base64url } from '../lib/bytes.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { EdgeName, RequestObserver } from '../lib/request-observer.ts'
import { type ActiveTrace, activeTrace, traceMembers } from '../lib/trace.ts'
import { addHealth, type HealthCheck } from './health.ts'
import type { Capacity } from './inbound/bounded-server.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import { collectBody } from './inbound/collect-body.ts'
import { LineBudget } from './inbound/line-budget.ts'
import { readLargeJson } from './inbound/read-large-json.ts'
import { readPlainJsonInSteps } from './inbound/read-plain-json.ts'
import type { ServerCertificate } from './inbound/server-certificate.ts'
import { StrangerLimits } from './inbound/stranger-limits.ts'
import { LIMITS } from './limits.ts'
import { requestLog } from './logger.ts'
import { type RateLimit, RateLimits } from './rate-limit.ts'
import type { RawHandler } from './raw-handler.ts'
import { readFields } from './read-fields.ts'
import { type ProblemPage, renderProblem, toProblem } from './render-problem.ts'
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
  /** Certificate that it shows; absent where it speaks plain HTTP. */
  certificate?: ServerCertificate | undefined
  /** Rate limits of one address, by path. */
  rates?: readonly RateLimit[]
  /**
   * Limits how often one address is told why it is refused, and counts the refusals. Default: no
   * limit.
   */
  strangers?: StrangerLimits
  /** Follows requests; absent where requests are not counted. */
  observer: RequestObserver
  problemPage: ProblemPage
}

export interface HttpServer {
  /** Fastify instance on which edges register their routes. */
  readonly app: FastifyInstance
  /** Throws `Problem('server.port_in_use')`. Port 0 takes a free one. */
  listen(address: { host: string; port: number }): Promise<{ host: string; port: number }>
  /**
   * Makes the server not ready; takes no new connection, lets running requests finish for
   * `graceMs`, then cuts the rest.
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
  if (bytes.length <= LIMITS.bodyBytes) return readPlainJsonInSteps(bytes, bodyLimit)
  return readLargeJson({ bytes, most: bodyLimit, texts: config.textMembers ?? [] })
}

function addGate(
  app: FastifyInstance,
  options: HttpOptions,
  { budget, limits }: { readonly limits: RateLimits; readonly budget: LineBudget },
): void {
  const headers = securityHeaders(options.origin)
  const check = requestGate(options.origin)
  const begun = new WeakMap<
    object,
    { readonly at: number; readonly trace: ActiveTrace | undefined }
  >()
  const lines = requestLog(options.log)
  app.addHook('onRequest', async (request, reply) => {
    begun.set(request, { at: options.clock.monotonic(), trace: activeTrace() })
    options.observer.place(request.raw, edgeOf(request), request.routeOptions.url)
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
    const { at = 0, trace } = begun.get(request) ?? {}
    const ms = Math.round(options.clock.monotonic() - at)
    const route = request.routeOptions.url ?? 'none'
    const status = reply.statusCode
    const sampled = status >= 400 && status < 500 ? budget.take(request.raw) : { skipped: 0 }
    if (!sampled) return
    const line = { reqId: request.id, method: request.method, route, status, ms }
    lines.info({ ...line, ...skippedIn(sampled), ...traceMembers(trace) }, 'request')
  })
}

/** Names the edge of a route: routes for programs are below these paths. */
function edgeOf({ routeOptions: { url = '' } }: FastifyRequest): EdgeName {
  if (url === '/livez' || url === '/readyz') return 'health'
  return /^\/(?:api\/)?v1\//.test(url) ? 'api' : 'pages'
}

function addProblems(
  app: FastifyInstance,
  { observer, problemPage }: HttpOptions,
  strangers: StrangerLimits,
): void {
  const render = (request: FastifyRequest, reply: FastifyReply, error: unknown) => {
    observer.refused(toProblem(error).problem.code)
    return renderProblem(request, reply, error, problemPage)
  }
  app.setErrorHandler((error, request, reply) => {
    const judged = error instanceof Problem ? strangers.judge(request.raw, error, ROUTES) : error
    return render(request, reply, judged)
  })
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem('request.not_found', 'there is nothing at this address')
    return render(request, reply, problem)
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
        certificate: options.certificate,
        observer: options.observer,
        newRequestId,
        otherwise,
      }),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', readJsonBody)
  addProblems(app, options, strangers)
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
        const scheme = options.certificate ? 'https' : 'http'
        const listenTextResolver = (address: string) =>
          `Server listening at ${address.replace(/^http/, scheme)}`
        await app.listen({ host, port, listenTextResolver })
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
