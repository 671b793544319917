import { DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import {
  MeterProvider,
  type MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import type { Logger } from '../../platform/http/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import { type Repetition, repeat, systemWait, type Wait } from '../../platform/lib/repeat.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { ServerObserver, ServerRelease, ServerState } from '../server-observer.ts'
import { ObservedCalls } from './calls.ts'
import { Instruments } from './instruments.ts'
import { observedStorage } from './observed-storage.ts'
import { observeProcess } from './process.ts'
import { MetricsPage, MetricsText } from './prometheus.ts'
import { ObservedRequests } from './requests.ts'
import { ObservedState } from './state.ts'
import { TraceSource } from './trace-source.ts'

/** Time between two measurements of state that only the store knows. */
const MEASURE_EVERY_MS = 10_000
/** Time in which the last spans and metrics are sent when the server stops. */
const FLUSH_WITHIN_MS = 2_000

export interface TelemetryOptions {
  readonly metricsListen: { readonly host: string; readonly port: number } | undefined
  readonly otlp: readonly ('metrics' | 'traces')[]
  readonly metricExportInterval: number
  readonly tracePercent: number
  readonly traceCallers: 'joined' | 'linked'
  readonly release: ServerRelease
  readonly clock: Clock
  readonly random: Random
  readonly log: Pick<Logger, 'error' | 'warn'>
  readonly wait?: Wait
}

/** Metrics and traces of one server, by the SDK of OpenTelemetry. Only the log of the SDK is global. */
export class Telemetry implements ServerObserver {
  readonly requests: ObservedRequests
  readonly calls: ObservedCalls
  readonly #options: TelemetryOptions
  readonly #instruments: Instruments
  readonly #meters: MeterProvider
  readonly #tracers: BasicTracerProvider | undefined
  readonly #text: MetricsText | undefined
  readonly #page: MetricsPage | undefined
  readonly #process: ReturnType<typeof observeProcess>
  #measuring: Repetition | undefined

  constructor(options: TelemetryOptions) {
    this.#options = options
    const {
      clock,
      log,
      metricsListen,
      otlp,
      traceCallers: callers,
      tracePercent: percent,
    } = options
    diag.setLogger(diagnosticsTo(log), {
      logLevel: DiagLogLevel.WARN,
      suppressOverrideMessage: true,
    })
    const resource = resourceOf(options)
    const onError = (error: unknown) => log.error({ err: error }, 'metrics could not be collected')
    this.#text = metricsListen && new MetricsText()
    const collect = this.collect
    this.#page = collect && new MetricsPage(collect, onError)
    this.#meters = new MeterProvider({ resource, readers: this.#readers() })
    this.#instruments = new Instruments(this.#meters.getMeter('remit'))
    this.#process = observeProcess(this.#instruments)
    this.#tracers = otlp.includes('traces') ? tracersOf(resource) : undefined
    const tracer = this.#tracers?.getTracer('remit')
    const traces = tracer && new TraceSource({ ...options, tracer, callers, percent })
    this.requests = new ObservedRequests(this.#instruments, clock, traces)
    this.calls = new ObservedCalls(this.#instruments)
  }

  observeStorage(storage: Storage): Storage {
    return observedStorage(storage, this.#instruments, this.#options.clock)
  }

  /** Begins to measure the state of the server. */
  async observe(state: ServerState): Promise<void> {
    const { clock, log, release } = this.#options
    const observed = new ObservedState(this.#instruments, clock, { ...state, release })
    const measure = async () => {
      await observed.measure()
      this.#process.renew()
    }
    const onError = (error: unknown) => log.error({ err: error }, 'the state was not measured')
    await measure().catch(onError)
    this.#measuring = repeat(measure, { everyMs: MEASURE_EVERY_MS, onError })
  }

  /** Collects the metrics as Prometheus reads them; absent where it is off. */
  get collect(): (() => Promise<string>) | undefined {
    const text = this.#text
    return text && (() => text.collect())
  }

  /** Answers the port for Prometheus, where there is one. Throws `server.port_in_use`. */
  async listen(): Promise<number | undefined> {
    const { metricsListen } = this.#options
    return metricsListen && this.#page?.listen(metricsListen)
  }

  /** Sends the rest, within a short time, so that a collector that does not answer does not delay the stop. */
  async stop(): Promise<void> {
    const { log, wait = systemWait } = this.#options
    await this.#measuring?.stop()
    await this.#page?.stop()
    this.#process.stop()
    const over = new AbortController()
    const sent = Promise.all([this.#meters.shutdown(), this.#tracers?.shutdown()]).catch(
      (error: unknown) => log.warn({ err: error }, 'the last metrics and traces were not sent'),
    )
    await Promise.race([sent, wait(FLUSH_WITHIN_MS, over.signal)])
    over.abort()
  }

  #readers(): MetricReader[] {
    const { metricExportInterval: exportIntervalMillis, otlp } = this.#options
    const sent = otlp.includes('metrics')
      ? [
          new PeriodicExportingMetricReader({
            exporter: new OTLPMetricExporter(),
            exportIntervalMillis,
            exportTimeoutMillis: Math.min(30_000, exportIntervalMillis),
          }),
        ]
      : []
    return [...(this.#text ? [this.#text.reader] : []), ...sent]
  }
}

function tracersOf(resource: Resource): BasicTracerProvider {
  return new BasicTracerProvider({
    resource,
    // Chosen by `TraceSource`, before there is a span.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
}

function resourceOf({ release }: TelemetryOptions): Resource {
  const own = resourceFromAttributes({
    'service.name': 'remit',
    'service.version': release.version,
  })
  return own.merge(detectResources({ detectors: [envDetector] }))
}

/** Messages of the SDK about its own failures, such as a collector that does not answer. */
function diagnosticsTo(log: TelemetryOptions['log']) {
  const warn = (message: string) => log.warn({ telemetry: message.slice(0, 500) }, 'OpenTelemetry')
  const nothing = () => {}
  return { error: warn, warn, info: nothing, debug: nothing, verbose: nothing }
}
