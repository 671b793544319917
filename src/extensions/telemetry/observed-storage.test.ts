import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { manualClock } from '../../platform/lib/clock.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { Instruments } from './instruments.ts'
import { observedStorage } from './observed-storage.ts'

class Reader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

forEachEngine('a store that is observed', (open) => {
  async function begun() {
    const reader = new Reader()
    const meters = new MeterProvider({ readers: [reader] })
    const clock = manualClock()
    const storage = await open()
    const observed = observedStorage(storage, new Instruments(meters.getMeter('test')), clock)
    const told = async () => {
      const { resourceMetrics } = await reader.collect()
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ dataPoints }) =>
          dataPoints.map(({ attributes, value }) => ({ attributes, value: Object(value) })),
        ),
      )
    }
    return { clock, observed, storage, told }
  }

  const rows = (db: Awaited<ReturnType<typeof begun>>['observed']) =>
    db.read.selectFrom('meta').select('value').where('key', '=', 'test').execute()

  it('does what it does unobserved, and each of its writes is timed', async () => {
    const { clock, observed, storage, told } = await begun()
    const query = observed.read.insertInto('meta').values({ key: 'test', value: 'a' })
    assert.deepEqual(await observed.commit([{ name: 'a row', query, rows: 1 }]), {
      committed: true,
    })
    const answer = await observed.transaction(async (tx) => {
      clock.advance(2_000)
      await tx.updateTable('meta').set({ value: 'b' }).where('key', '=', 'test').execute()
      return 'done'
    })
    assert.equal(answer, 'done')
    assert.deepEqual(await rows(storage), [{ value: 'b' }])
    const system = storage.engine === 'sqlite' ? 'sqlite' : 'postgresql'
    const points = await told()
    assert.deepEqual(
      points.map(({ attributes, value: { count, sum } }) => [attributes, count, sum]),
      [
        [{ 'db.system.name': system, 'db.operation.name': 'commit' }, 1, 0],
        [{ 'db.system.name': system, 'db.operation.name': 'transaction' }, 1, 2],
      ],
    )
  })

  it('fails as it fails unobserved, and is counted as failed', async () => {
    const { observed, storage, told } = await begun()
    const why = new Error('no')
    await assert.rejects(
      observed.transaction(async (tx) => {
        await tx.insertInto('meta').values({ key: 'test', value: 'a' }).execute()
        throw why
      }),
      why,
    )
    assert.deepEqual(await rows(storage), [])
    const [failed, ...more] = await told()
    assert.deepEqual([failed?.attributes['error.type'], more], ['failed', []])
  })
})
