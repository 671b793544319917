import type { IncomingMessage } from 'node:http'
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { parseTraceParent, TraceState } from '@opentelemetry/core'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import { RequestTrace } from './request-trace.ts'

/** Maximum of traces that begin in a second. */
const MAX_PER_SECOND = 100
/** Length of a `traceparent` of a later version that is still read. */
const MAX_TRACEPARENT = 256

export interface TraceSourceOptions {
  readonly tracer: Tracer
  readonly clock: Clock
  readonly random: Random
  /** Share of requests that are traced, 0 to 100. */
  readonly percent: number
  /** See `REMIT_TRACE_CALLERS`. */
  readonly callers: 'joined' | 'linked'
}

/**
 * Begins the traces of requests.
 * INVARIANT: which requests are traced depends on chance and on nothing that the caller sends.
 */
export class TraceSource {
  readonly #options: TraceSourceOptions
  #second = 0
  #begun = 0

  constructor(options: TraceSourceOptions) {
    this.#options = options
  }

  /** Begins the trace of a request, for the few that are traced. */
  begin(request: Pick<IncomingMessage, 'headers'>): RequestTrace | undefined {
    if (!this.#isChosen()) return undefined
    const { callers, tracer } = this.#options
    const caller = callerOf(request)
    const isJoined = callers === 'joined' && caller !== undefined
    const within: Context = isJoined ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT
    const links = caller && !isJoined ? [{ context: withoutState(caller) }] : []
    const span: Span = tracer.startSpan('request', { kind: SpanKind.SERVER, links }, within)
    return new RequestTrace(tracer, span)
  }

  #isChosen(): boolean {
    const { clock, percent, random } = this.#options
    const [high = 0, low = 0] = random.bytes(2)
    if ((high * 256 + low) * 100 >= percent * 65_536) return false
    const second = Math.floor(clock.monotonic() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#begun = 0
    }
    return ++this.#begun <= MAX_PER_SECOND
  }
}

/** Reads what the caller says of its trace (W3C Trace Context); nothing where it is not valid. */
function callerOf({ headers }: Pick<IncomingMessage, 'headers'>): SpanContext | undefined {
  const { traceparent, tracestate } = headers
  if (typeof traceparent !== 'string' || traceparent.length > MAX_TRACEPARENT) return undefined
  const parent = parseTraceParent(traceparent)
  if (!parent) return undefined
  const state = Array.isArray(tracestate) ? tracestate.join(',') : tracestate
  return {
    ...parent,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    // Keeps 512 characters and 32 members at most; a longer one is left out as a whole.
    ...(state ? { traceState: new TraceState(state) } : {}),
  }
}

function withoutState({ spanId, traceFlags, traceId }: SpanContext): SpanContext {
  return { spanId, traceFlags, traceId, isRemote: true }
}
