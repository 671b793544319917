import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { manualClock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { activeTrace, withinTrace } from '../../platform/lib/trace.ts'
import { Instruments } from './instruments.ts'
import { ObservedRequests } from './requests.ts'
import { TraceSource, type TraceSourceOptions } from './trace-source.ts'

const TRACE = 'a1'.repeat(16)
const CALLER = `00-${TRACE}-${'b2'.repeat(8)}-01`

function source(over: Partial<TraceSourceOptions> = {}) {
  const kept = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor(kept)],
  })
  const clock = manualClock()
  const options = { clock, random: systemRandom, percent: 100, callers: 'linked' as const }
  const traces = new TraceSource({ tracer: provider.getTracer('test'), ...options, ...over })
  return { clock, kept, traces }
}

function request(headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  return { headers } as unknown as IncomingMessage // as: nothing else of it is read
}

describe('traces', () => {
  it('begin by chance, whatever the caller writes', () => {
    const bytes = (value: number) => ({
      bytes: (count: number) => new Uint8Array(count).fill(value),
    })
    const asked = request({ traceparent: CALLER, tracestate: 'a=1' })
    const begun = (percent: number, value: number) =>
      source({ percent, random: bytes(value) }).traces.begin(asked) !== undefined
    assert.ok(!begun(0, 0))
    assert.ok(begun(10, 0))
    assert.ok(begun(10, 0x19))
    assert.ok(!begun(10, 0x1a))
    assert.ok(!begun(99, 0xff))
    assert.ok(begun(100, 0xff))
  })

  it('begin at most a hundred times in a second', () => {
    const { clock, traces } = source()
    const begun = () =>
      Array.from({ length: 500 }, () => traces.begin(request())).filter(Boolean).length
    assert.equal(begun(), 100)
    assert.equal(begun(), 0)
    clock.advance(1_000)
    assert.equal(begun(), 100)
  })

  it('are our own, with a link to that of the caller', () => {
    const { kept, traces } = source()
    const begun = traces.begin(request({ traceparent: CALLER, tracestate: 'a=1' }))
    assert.ok(begun)
    assert.notEqual(begun.id, TRACE)
    assert.deepEqual(Object.keys(begun.headers), ['traceparent'])
    assert.match(String(begun.headers.traceparent), new RegExp(`^00-${begun.id}-[0-9a-f]{16}-01$`))
    begun.end('GET', false)
    const [span] = kept.getFinishedSpans()
    assert.equal(span?.links[0]?.context.traceId, TRACE)
    assert.equal(span.links[0].context.traceState, undefined)
  })

  it('are those of the caller where that is wanted, with a state of bounded size', () => {
    const { traces } = source({ callers: 'joined' })
    const begun = traces.begin(request({ traceparent: CALLER, tracestate: 'a=1,b=2' }))
    assert.equal(begun?.id, TRACE)
    assert.equal(begun.headers.tracestate, 'a=1,b=2')
    assert.doesNotMatch(String(begun.headers.traceparent), /b2b2/)
    const large = request({ traceparent: CALLER, tracestate: `a=${'x'.repeat(600)}` })
    assert.equal(traces.begin(large)?.headers.tracestate, undefined)
    const bad = request({ traceparent: `01${CALLER.slice(2)}-${'x'.repeat(9_000)}` })
    assert.notEqual(traces.begin(bad)?.id, TRACE)
    const later = request({ traceparent: `01${CALLER.slice(2)}-more` })
    assert.equal(traces.begin(later)?.id, TRACE)
  })

  it('have a span for each part of the work, below that which it is a part of', async () => {
    const { kept, traces } = source()
    const begun = traces.begin(request())
    assert.ok(begun)
    const unforeseen = new TypeError('anything of a caller')
    const failing = new Problem('storage.unavailable', 'with a text that may hold anything')
    await withinTrace(begun, async () => {
      await begun.step('decision', async () => {
        await activeTrace()?.step('store commit', async () => {})
        assert.equal(activeTrace()?.headers.traceparent, begun.headers.traceparent)
      })
      const fails = (error: Error) => activeTrace()?.step('send', async () => Promise.reject(error))
      for (const error of [failing, unforeseen]) await assert.rejects(async () => fails(error))
      const throws = () => {
        throw unforeseen
      }
      assert.throws(() => activeTrace()?.step('read', throws))
    })
    assert.equal(activeTrace(), undefined)
    begun.end('GET /orders', true)
    const spans = kept.getFinishedSpans()
    assert.deepEqual(
      spans.map(({ name }) => name),
      ['store commit', 'decision', 'send', 'send', 'read', 'GET /orders'],
    )
    const [commit, decision, send] = spans
    assert.equal(commit?.parentSpanContext?.spanId, decision?.spanContext().spanId)
    assert.deepEqual(send?.attributes, { 'error.type': 'storage.unavailable' })
    for (const { attributes } of spans.slice(3, 5))
      assert.deepEqual(attributes, { 'error.type': 'TypeError' })
    assert.ok(
      !JSON.stringify(spans.map(({ attributes, events }) => [attributes, events])).includes(
        'anything',
      ),
    )
  })

  it('are those of calls by gRPC, too', async () => {
    const { clock, kept, traces } = source({ callers: 'joined' })
    const instruments = new Instruments(new MeterProvider().getMeter('test'))
    const requests = new ObservedRequests(instruments, clock, traces)
    const call = {
      method: 'a.Service/Ask',
      edge: 'forward-auth',
      headers: () => ({ traceparent: CALLER }),
    } as const
    const work = async () => {
      await activeTrace()?.step('decision', async () => {})
      return { status: 503, says: 'later' }
    }
    const answer = await requests.followCall(call, work, ({ status }) => status)
    assert.equal(answer.says, 'later')
    assert.equal(activeTrace(), undefined)
    const [decision, span] = kept.getFinishedSpans()
    assert.equal(span?.name, 'a.Service/Ask')
    assert.equal(span.spanContext().traceId, TRACE)
    assert.equal(decision?.parentSpanContext?.spanId, span.spanContext().spanId)
    assert.equal(span.attributes['error.type'], '503')
    assert.equal(span.status.code, 2)
  })

  it('are left by a request that comes in the trace of another and is not traced', () => {
    const { traces } = source()
    const { clock, traces: none } = source({ percent: 0 })
    const instruments = new Instruments(new MeterProvider().getMeter('test'))
    const requests = new ObservedRequests(instruments, clock, none)
    const response = { once: () => {} } as unknown as ServerResponse // as: nothing else of it is used
    const seen = withinTrace(traces.begin(request()), () =>
      requests.follow(request(), response, () => activeTrace()?.id ?? 'none'),
    )
    assert.equal(seen, 'none')
  })

  it('end, however long a stream goes on', () => {
    const { kept, traces } = source()
    const begun = traces.begin(request())
    for (let i = 0; i < 1_000; i++)
      assert.equal(
        begun?.step('part', () => i),
        i,
      )
    assert.equal(kept.getFinishedSpans().length, 128)
  })
})
