import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { withEnvironment } from '../../environment.ts'
import { freePorts } from '../../ports.ts'
import { until } from '../../until.ts'
import { startUpstream } from '../../upstream.ts'
import { World } from '../../world.ts'
import { startServerProgram } from '../server-process.ts'

const { REMIT_INTEROP_COLLECTOR: program = '' } = process.env
const CONFIGURATION = fileURLToPath(
  new URL('../../../deploy/observability/collector.yaml', import.meta.url),
)

/** Stands in for the place where traces and metrics are kept. */
const backend = await startUpstream()
backend.answer = (_, reply) => reply.setHeader('content-type', 'application/x-protobuf').end()
const [port = 0] = await freePorts(1)
const stop = await startServerProgram({
  ...{ name: 'the collector', program, cwd: '.', startsWithinMs: 60_000, status: 404 },
  args: ['--config', CONFIGURATION],
  env: { OTLP_LISTEN: `127.0.0.1:${port}`, OTLP_BACKEND: backend.origin },
  url: `http://127.0.0.1:${port}/`,
})
withEnvironment({
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  OTEL_BSP_SCHEDULE_DELAY: '100',
})
after(() => Promise.all([stop(), backend.close()]))

/** Texts that reached a path of the backend. */
function received(path: string): string {
  return backend.reached
    .filter(({ target }) => target === path)
    .map(({ bytes, headers }) =>
      (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('latin1'),
    )
    .join()
}

describe('an OpenTelemetry collector as deploy/observability configures it', () => {
  let w: World
  before(async () => {
    const settings = {
      REMIT_OTLP: 'metrics traces',
      REMIT_TRACE_PERCENT: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    }
    w = await World.start('sqlite', { settings })
  })
  after(() => w?.stop())

  it('passes on the traces and metrics of a call', async () => {
    const task = await w.open()
    const answer = await w.agent.call(task, 'GET', '/orders/orders/1042')
    assert.equal(answer.status, 200)
    const decision = String(answer.headers['remit-decision'])
    const traces = await until(async () => {
      const text = received('/v1/traces')
      return text.includes(decision) && text.includes('send and stream') ? text : undefined
    })
    assert.ok(!traces.includes(task.id) && !traces.includes(task.token))
    await until(async () => {
      const text = received('/v1/metrics')
      return text.includes('remit.decisions') && text.includes('http.server.request.duration')
        ? text
        : undefined
    })
  })
})
