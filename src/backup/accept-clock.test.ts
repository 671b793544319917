import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../lib/clock.ts'
import { acceptTime, confirmTime } from '../maintenance.ts'
import { testedEngines } from '../storage/testing.ts'
import { emptyDatabase, recordTimeAt, withRooms } from './testing.ts'

const DAY = 86_400_000
const FAR = 400 * DAY
const ahead = { ...systemClock, now: () => Date.now() + FAR }

for (const engine of testedEngines())
  test(`core M2: an operator takes recorded time back, and what was given then ends (${engine})`, async (t) => {
    const parts = await emptyDatabase(t, engine)
    const wrong = { ...parts, clock: ahead, storage: { ...parts.storage, databaseClock: ahead } }
    await withRooms(wrong, async ({ live }) => {
      await live.start()
      await live.stop()
    })
    const start = () => withRooms(parts, async ({ live }) => live.renew())
    await assert.rejects(start(), { code: 'server.clock_off' })
    const { history } = await acceptTime(parts)
    assert.ok(history > 0, 'an administrator has to go on')
    await start()
  })

for (const engine of testedEngines())
  test(`core M2: a start more than 30 days after the newest record needs an operator's recorded confirmation (${engine})`, async (t) => {
    const parts = await emptyDatabase(t, engine)
    const start = () => withRooms(parts, async ({ live }) => live.renew())
    await start()
    await recordTimeAt(parts, 60_000 - 30 * DAY)
    await start()
    await recordTimeAt(parts, -33 * DAY - 60_000)
    for (const _ of [1, 2])
      await assert.rejects(start(), { code: 'server.clock_unconfirmed', detail: /33 days/ })
    const { clock } = await confirmTime(parts)
    assert.ok(clock.confirmed - (clock.recorded ?? 0) >= 33 * DAY)
    await withRooms(parts, async ({ ledger, live }) => {
      await live.renew()
      await ledger.sequence()
      const records = await ledger.records(0, 100)
      const types = records.map(({ record }) => JSON.parse(record).type)
      assert.ok(types.includes('clock.confirmed'), String(types))
    })
  })
