import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, describe, it } from 'node:test'
import { withEnvironment } from '../../../test/environment.ts'
import { until } from '../../../test/until.ts'
import { systemClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Telemetry, type TelemetryOptions } from './telemetry.ts'

const unanswered: ServerResponse[] = []
const silent = createServer((_, response) => unanswered.push(response))
await once(silent.listen(0, '127.0.0.1'), 'listening')
after(() => {
  // What is refused is not tried again, and keeps nothing running.
  silent.removeAllListeners('request').on('request', (_, response) => response.writeHead(400).end())
  for (const response of unanswered) response.writeHead(400).end()
  silent.close()
  silent.closeIdleConnections()
})
const { port: collectorPort } = silent.address() as AddressInfo // listening on TCP
withEnvironment({
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
  OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
})

function telemetry(over: Partial<TelemetryOptions>): Telemetry {
  return new Telemetry({
    metricsListen: undefined,
    otlp: [],
    metricExportInterval: 60_000,
    tracePercent: 100,
    traceCallers: 'linked',
    release: { version: '0.0.0', schema: 1 },
    clock: systemClock,
    random: systemRandom,
    log: { error: () => {}, warn: () => {} },
    ...over,
  })
}

describe('telemetry', () => {
  it('stops although the collector never answers', async () => {
    const waited: number[] = []
    const wait = async (ms: number) => {
      waited.push(ms)
      await asked
    }
    const asked = once(silent, 'request')
    const running = telemetry({ otlp: ['metrics', 'traces'], wait })
    const response = Object.assign(new EventEmitter(), { headersSent: true, statusCode: 200 })
    const request = { method: 'GET', headers: {} } as IncomingMessage // as: nothing else is read
    running.requests.follow(request, response as unknown as ServerResponse, () => {}) // as: nothing else is used
    response.emit('close')
    await running.stop()
    assert.deepEqual(waited, [2_000])
  })

  it('has room for a few readers, whatever one of them holds', async () => {
    const running = telemetry({ metricsListen: { host: '127.0.0.1', port: 0 } })
    const port = await running.listen()
    assert.ok(port)
    const url = `http://127.0.0.1:${port}/metrics`
    const held = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'))
    await Promise.all(held.map((socket) => once(socket, 'connect')))
    const more = connect(port, '127.0.0.1')
    more.on('error', () => {})
    await once(more, 'close')
    for (const socket of held) socket.destroy()
    const answer = await until(() => fetch(url).catch(() => undefined))
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /^process_uptime_seconds \d/m)
    const huge = await fetch(url, { headers: { 'x-huge': 'x'.repeat(10_000) } })
    assert.equal(huge.status, 431)
    await running.stop()
    await assert.rejects(fetch(url))
  })
})
