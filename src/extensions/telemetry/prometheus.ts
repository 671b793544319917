import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { listenProblem, nodeHttp } from '../../platform/http/index.ts'
import { prometheusName } from './metrics.ts'

const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
} as const
const MAX_CONNECTIONS = 16

/** Version 0.0.4 of the text format of Prometheus. */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

class ScrapedReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

/** Metrics in the text format of Prometheus. */
export class MetricsText {
  readonly reader: MetricReader = new ScrapedReader()
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true)

  async collect(): Promise<string> {
    const { errors, resourceMetrics } = await this.reader.collect()
    if (errors.length > 0) throw errors[0]
    return this.#serializer.serialize(namedForPrometheus(resourceMetrics))
  }
}

/** Metrics as Prometheus reads them, at an address that serves nothing else. */
export class MetricsPage {
  readonly #collect: () => Promise<string>
  readonly #server: Server
  /** Answer under way: however many ask at once, metrics are collected once. */
  #text: Promise<string> | undefined

  constructor(collect: () => Promise<string>, onError: (error: unknown) => void) {
    this.#collect = collect
    this.#server = nodeHttp.createServer(LIMITS, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        onError(error)
        response.destroy()
      })
    })
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** Answers the port it listens on. Throws `server.port_in_use`. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    await once(this.#server.listen(port, host), 'listening').catch((error: unknown) => {
      throw listenProblem(error, port)
    })
    const at = this.#server.address()
    return typeof at === 'object' && at ? at.port : port
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = url === '/metrics' && (method === 'GET' || method === 'HEAD')
    if (!found) {
      response.writeHead(404, { 'content-type': 'text/plain', connection: 'close' })
      response.end('Only GET /metrics is here.\n')
      return
    }
    this.#text ??= this.#collect().finally(() => {
      this.#text = undefined
    })
    const text = await this.#text
    response.writeHead(200, { 'content-type': TEXT_FORMAT, 'cache-control': 'no-store' })
    response.end(method === 'HEAD' ? undefined : text)
  }
}

/** Puts units into names, as Prometheus wants them; the serializer does not. */
function namedForPrometheus(all: ResourceMetrics): ResourceMetrics {
  return {
    ...all,
    scopeMetrics: all.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const { name, unit } = metric.descriptor
        const descriptor = { ...metric.descriptor, name: prometheusName(name, unit), unit: '' }
        return { ...metric, descriptor }
      }),
    })),
  }
}
