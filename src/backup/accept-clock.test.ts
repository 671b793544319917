import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../lib/clock.ts'
import { acceptTime } from '../maintenance.ts'
import { testedEngines } from '../storage/testing.ts'
import { emptyDatabase, withRooms } from './testing.ts'

const FAR = 400 * 86_400_000
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
