import assert from 'node:assert/strict'
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { systemClock } from '../../platform/lib/clock.ts'
import { testedEngines } from '../../platform/storage/testing.ts'
import { fakeServer } from '../../programs/cli/testing.ts'
import { readSettings } from '../../programs/config/settings.ts'
import { acceptTime, confirmTime, emptyDatabase, recordTimeAt, withRooms } from './testing.ts'

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

test('core M2: a start after a long stop asks the clock of the identity provider in the settings, and goes by what it says', async (t) => {
  let ahead = 0
  const provider = new URL(
    await fakeServer(t, (_request, answer) => {
      answer.setHeader('date', new Date(Date.now() - ahead).toUTCString())
      answer.end('{}')
    }),
  )
  const parts = await emptyDatabase(t, 'sqlite')
  await withRooms(parts, async () => {})
  // The name of another machine leads here. Without TLS the provider itself is refused, but only after the clock was found right.
  const lookup = t.mock.method(dns, 'lookup', async () => [{ address: '127.0.0.1', family: 4 }])
  syncBuiltinESMExports()
  t.after(() => {
    lookup.mock.restore()
    syncBuiltinESMExports()
  })
  const settings = readSettings({
    ...{ REMIT_DATA: parts.settings.data, REMIT_MASTER_KEY: parts.settings.masterKey?.reveal() },
    ...{
      REMIT_IDP_ISSUER: `http://idp.example:${provider.port}`,
      REMIT_IDP_CLIENT_ID: 'remit',
    },
  })
  const start = () => withRooms({ ...parts, settings }, async () => {})
  await recordTimeAt(parts, -400 * DAY)
  ahead = 2.5 * 3_600_000
  await assert.rejects(start(), { code: 'server.clock_unconfirmed', detail: /2 h ahead of the/ })
  await recordTimeAt(parts, -2 * DAY)
  await assert.rejects(start(), { code: 'server.clock_unconfirmed' })
  ahead = 0
  await recordTimeAt(parts, -400 * DAY)
  await assert.rejects(start(), { code: 'provider.bad_issuer' })
})
