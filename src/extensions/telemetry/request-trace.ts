import { ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { Problem } from '../../platform/lib/problem.ts'
import { type ActiveTrace, withinTrace } from '../../platform/lib/trace.ts'

/** Maximum of spans below the span of the request, which bounds streams of many hours. */
const MAX_SPANS = 128

/** Trace of one request: the span of the request, and one for each part of the work on it. */
export class RequestTrace implements ActiveTrace {
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #above: Span
  readonly #count: { spans: number }

  constructor(tracer: Tracer, span: Span, above = span, count = { spans: 0 }) {
    this.#tracer = tracer
    this.#span = span
    this.#above = above
    this.#count = count
  }

  get id(): string {
    return this.#span.spanContext().traceId
  }

  get headers(): Readonly<Record<string, string>> {
    const { spanId, traceId, traceState } = this.#span.spanContext()
    const tracestate = traceState?.serialize()
    return {
      traceparent: `00-${traceId}-${spanId}-01`,
      ...(tracestate ? { tracestate } : {}),
    }
  }

  note(name: string, value: string | number): void {
    this.#span.setAttribute(name, value)
  }

  step<T>(name: string, work: () => T): T {
    if (++this.#count.spans > MAX_SPANS) return work()
    const within = trace.setSpan(ROOT_CONTEXT, this.#above)
    const span = this.#tracer.startSpan(name, {}, within)
    const fail = (error: unknown) => {
      span.setAttribute('error.type', typeOf(error))
      span.end()
    }
    try {
      const inner = new RequestTrace(this.#tracer, this.#span, span, this.#count)
      const result = withinTrace(inner, work)
      if (result instanceof Promise) result.then(() => span.end(), fail)
      else span.end()
      return result
    } catch (error) {
      fail(error)
      throw error
    }
  }

  /** Ends the span of the request. `name`: method and place. `failed`: by a fault of ours. */
  end(name: string, failed: boolean): void {
    this.#span.updateName(name)
    if (failed) this.#span.setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end()
  }
}

/** Returns the kind of an error, and never its text, which may contain anything. */
function typeOf(error: unknown): string {
  if (error instanceof Problem) return error.code
  return error instanceof Error ? error.constructor.name : typeof error
}
