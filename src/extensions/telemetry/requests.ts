import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes, Counter, Histogram, UpDownCounter } from '@opentelemetry/api'
import type { Clock } from '../../platform/lib/clock.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import type { EdgeName, RequestObserver, RpcCall } from '../../platform/lib/request-observer.ts'
import { withinTrace } from '../../platform/lib/trace.ts'
import type { Instruments } from './instruments.ts'
import type { RequestTrace } from './request-trace.ts'
import type { TraceSource } from './trace-source.ts'

/** Methods by their names; all others share one, as the semantic conventions say. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

interface FollowedRequest {
  readonly begun: number
  readonly method: string
  readonly trace: RequestTrace | undefined
  edge?: EdgeName
  route?: string | undefined
}

/** Counts and times requests, and has some of them traced. */
export class ObservedRequests implements RequestObserver {
  readonly #clock: Clock
  readonly #traces: TraceSource | undefined
  readonly #followed = new WeakMap<IncomingMessage, FollowedRequest>()
  readonly #duration: Histogram
  readonly #callDuration: Histogram
  readonly #active: UpDownCounter
  readonly #problems: Counter

  constructor(instruments: Instruments, clock: Clock, traces: TraceSource | undefined) {
    this.#clock = clock
    this.#traces = traces
    this.#duration = instruments.histogram('http.server.request.duration')
    this.#callDuration = instruments.histogram('rpc.server.call.duration')
    this.#active = instruments.upDownCounter('http.server.active_requests')
    this.#problems = instruments.counter('remit.problems')
  }

  follow<T>(request: IncomingMessage, response: ServerResponse, handle: () => T): T {
    const { method = '' } = request
    const trace = this.#traces?.begin(request)
    const followed: FollowedRequest = {
      begun: this.#clock.monotonic(),
      method: METHODS.has(method) ? method : '_OTHER',
      trace,
    }
    this.#followed.set(request, followed)
    const scheme = { 'http.request.method': followed.method, 'url.scheme': 'http' }
    this.#active.add(1, scheme)
    response.once('close', () => {
      this.#active.add(-1, scheme)
      this.#end(followed, response)
    })
    // INVARIANT: set for requests without a trace too. Otherwise a request that waited on its connection would run in the trace
    // of the one before.
    return this.#traces ? withinTrace(trace, handle) : handle()
  }

  async followCall<T>(
    call: RpcCall,
    handle: () => Promise<T>,
    statusOf: (answer: T) => number,
  ): Promise<T> {
    const begun = this.#clock.monotonic()
    const trace = this.#traces?.begin({ headers: call.headers() })
    const answer = await (this.#traces ? withinTrace(trace, handle) : handle())
    const status = statusOf(answer)
    const failed = status >= 500
    const attributes: Attributes = {
      'rpc.system.name': 'grpc',
      'rpc.method': call.method,
      'rpc.response.status_code': 'OK', // A refusal is an answer, too.
      'remit.edge': call.edge,
      ...(failed ? { 'error.type': `${status}` } : {}),
    }
    this.#callDuration.record((this.#clock.monotonic() - begun) / 1_000, attributes)
    if (trace) endTrace(trace, attributes, call.method, failed)
    return answer
  }

  place(request: IncomingMessage, edge: EdgeName, route?: string): void {
    const followed = this.#followed.get(request)
    if (followed) Object.assign(followed, { edge, route })
  }

  refused(code: ProblemCode): void {
    this.#problems.add(1, { code })
  }

  #end({ begun, edge, method, route, trace }: FollowedRequest, response: ServerResponse): void {
    const status = response.headersSent ? response.statusCode : undefined
    const failed = status === undefined || status >= 500
    const attributes: Attributes = {
      'http.request.method': method,
      'url.scheme': 'http',
      ...(edge === undefined ? {} : { 'remit.edge': edge }),
      ...(route === undefined ? {} : { 'http.route': route }),
      ...(status === undefined ? {} : { 'http.response.status_code': status }),
      // Without a status there was no answer: the caller left, or was cut off.
      ...(failed ? { 'error.type': status === undefined ? 'no_answer' : `${status}` } : {}),
    }
    this.#duration.record((this.#clock.monotonic() - begun) / 1_000, attributes)
    if (trace)
      endTrace(trace, attributes, route === undefined ? method : `${method} ${route}`, failed)
  }
}

function endTrace(
  trace: RequestTrace,
  attributes: Attributes,
  name: string,
  failed: boolean,
): void {
  for (const [key, value] of Object.entries(attributes)) trace.note(key, value as string | number) // as: none is anything else
  trace.end(name, failed)
}
