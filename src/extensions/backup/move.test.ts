import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { until } from '../../../test/until.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { newId } from '../../platform/lib/id.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Live, ORGANIZATION, startUnlessMoved } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import { beginMove } from './move.ts'
import { markMoved, requireNoServer } from './move-store.ts'
import { endRestored } from './restore.ts'

const THERE = newId('destination', systemRandom)

forEachEngine('a database that is taken from its servers', (open) => {
  /** A server that renews its lease only when it is told to, as one does that was paused. */
  async function paused(): Promise<{
    readonly live: Live
    readonly storage: Storage
    readonly clock: ReturnType<typeof manualClock>
  }> {
    const clock = manualClock()
    const storage = timedBy(await open(), clock)
    const live = new Live({
      storage,
      clock,
      random: systemRandom,
      wait: () => new Promise(() => {}),
    })
    await storage.transaction((tx) => live.begin(tx, ORGANIZATION))
    await live.renew()
    return { live, storage, clock }
  }

  test('is not, while one has a lease', async () => {
    const { clock, storage } = await paused()
    await assert.rejects(beginMove(storage, THERE), { code: 'storage.in_use' })
    const restoring = { clock, random: systemRandom, storage, onTable: () => {} }
    await assert.rejects(endRestored(restoring), { code: 'storage.in_use' })
  })

  test('and one that starts at the same moment gets its lease afterwards, and finds the mark', async () => {
    const { clock, live, storage } = await paused()
    // SQLite locks its data directory, so no other server can hold a lease.
    if (storage.engine === 'sqlite') return
    clock.advance(6_000)
    const order: string[] = []
    let renewing = Promise.resolve()
    await storage.exclusively(async (tx) => {
      await requireNoServer(tx, storage)
      renewing = live.renew().then(() => void order.push('lease'))
      await until(async () => {
        const { rows } = await sql`SELECT 1 FROM pg_locks
          WHERE NOT granted AND relation = 'live_replicas'::regclass`.execute(tx)
        return rows.length > 0 || order.length > 0 ? true : undefined
      })
      await markMoved(tx, THERE)
      order.push('mark')
    })
    await renewing
    assert.deepEqual(order, ['mark', 'lease'])
    await live.stop()
  })

  test('and moved: one that was paused permits nothing when it wakes, and none starts', async () => {
    const { clock, live, storage } = await paused()
    const view = await live.view([ORGANIZATION])
    assert.ok(live.holds(view))
    clock.advance(6_000)
    await beginMove(storage, THERE)
    await beginMove(storage, THERE)
    const query = storage.read.insertInto('meta').values({ key: 'written', value: '' })
    const late = live.commit(storage, [{ name: 'late', query, rows: 1 }])
    await assert.rejects(late, { code: 'live.lease_over' })
    await live.renew()
    assert.equal(live.holds(view), false)
    const [organization] = (await live.view([ORGANIZATION])).states
    assert.equal(organization?.state, 'ended')
    await storage.transaction((tx) => live.begin(tx, ORGANIZATION))
    await storage.transaction((tx) => live.raise(tx, [{ ...ORGANIZATION, state: 'active' }]))
    assert.equal((await live.view([ORGANIZATION])).states[0]?.state, 'ended', 'for good')
    await live.stop()
    const started: string[] = []
    const server = {
      start: async () => void started.push('start'),
      stop: async () => void started.push('stop'),
    }
    await assert.rejects(startUnlessMoved(server, storage.read), { code: 'storage.moved' })
    assert.deepEqual(started, ['start', 'stop'])
  })

  test('and restored by other means: one that was paused reads everything anew when it wakes', async () => {
    const { clock, live, storage } = await paused()
    const view = await live.view([ORGANIZATION])
    clock.advance(6_000)
    await endRestored({ clock, random: systemRandom, storage, onTable: () => {} })
    await live.renew()
    assert.equal(live.holds(view), false)
    const [organization] = (await live.view([ORGANIZATION])).states
    assert.ok((organization?.epoch ?? 0) > 1_000_000_000)
    await live.stop()
  })
})
