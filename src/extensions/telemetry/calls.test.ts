import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { ObservedCalls } from './calls.ts'
import { Instruments } from './instruments.ts'

class Reader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

it('reasons that are on no list of ours are counted together', async () => {
  const reader = new Reader()
  const meters = new MeterProvider({ readers: [reader] })
  const calls = new ObservedCalls(new Instruments(meters.getMeter('test')))
  for (let i = 0; i < 100; i++) {
    calls.ended({ state: 'failed', reason: `whatever an API reports, ${i}` })
    calls.decided({ id: `dec_${i}`, outcome: 'deny', reason: `a reason ${i}` })
  }
  calls.ended({ state: 'not_sent', reason: 'upstream.busy', latencyMs: 0 })
  calls.ended({ state: 'answered', latencyMs: 250 })
  const { resourceMetrics } = await reader.collect()
  const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ dataPoints, descriptor }) =>
      dataPoints.map(({ attributes }) => [descriptor.name, ...Object.values(attributes)].join(' ')),
    ),
  )
  assert.deepEqual(points.toSorted(), [
    'remit.calls.ended answered none',
    'remit.calls.ended failed other',
    'remit.calls.ended not_sent upstream.busy',
    'remit.decisions deny other',
    // What was not sent took no API any time.
    'remit.upstream.duration answered',
  ])
})
