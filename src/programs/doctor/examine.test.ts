import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { emptyDatabase, recordTimeAt, withRooms } from '../../extensions/backup/testing.ts'
import { manualClock, systemClock } from '../../platform/lib/clock.ts'
import { ok } from '../../platform/lib/diagnosis.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { testedEngines } from '../../platform/storage/testing.ts'
import { readSettings, storageOptions } from '../config/settings.ts'
import { CHECKS, examine } from './examine.ts'
import { systemProbes } from './probes.ts'
import type { ProductionCheck } from './production-check.ts'
import { exitOf, reportOf, tableOf } from './report.ts'
import { answering, GOOD_SETTINGS } from './testing.ts'

const CANARY = 'hunter2-canary-8Kx'
/** Settings with addresses at which nobody listens: the discard port. */
const NOWHERE = {
  REMIT_ISSUER: 'http://127.0.0.1:9',
  REMIT_IDP_ISSUER: 'http://localhost:9',
  REMIT_DATABASE_REPLICATION: 'warned',
  REMIT_SMTP_URL: `smtps://remit:${CANARY}@127.0.0.1:9`,
  REMIT_IDP_CLIENT_SECRET: CANARY,
  REMIT_REGISTRATION_TOKEN: `${CANARY}${CANARY}`,
}
const NETWORK = ['provider-clock', 'metadata', 'ready', 'gateway']

for (const engine of testedEngines())
  test(`beside a server that runs, every check is made (${engine})`, async (t) => {
    const parts = await emptyDatabase(t, engine, { ...GOOD_SETTINGS, ...NOWHERE })
    const probes = systemProbes()
    t.after(() => probes.close())
    const results = await withRooms(parts, () =>
      examine({
        ...{
          settings: parts.settings,
          clock: systemClock,
          probes,
          version: '0.1.0',
          isOutside: false,
        },
        storage: { ...storageOptions(parts.settings), ...parts.storage },
        backups: '/nowhere',
      }),
    )
    assert.deepEqual(
      results.map(({ id }) => id),
      CHECKS.map(({ id }) => id),
    )
    const status = Object.fromEntries(results.map((each) => [each.id, each.status]))
    assert.deepEqual([status.database, status.schema, status.owners], ['ok', 'ok', 'ok'])
    assert.deepEqual([status.administrators, status.provider], ['error', 'error'])
    const expected = engine === 'sqlite' ? 'not_applicable' : 'ok'
    for (const id of ['pooler', 'time-limits', 'database-tls'])
      assert.equal(status[id], expected, id)
    assert.deepEqual([status['database-clock'], status['recorded-time']], ['ok', 'ok'])
    for (const id of NETWORK) assert.equal(status[id], 'unknown', id)
    assert.equal(status.backups, 'unknown')
    assert.doesNotMatch(JSON.stringify(results), new RegExp(CANARY))
  })

for (const engine of testedEngines())
  test(`core M2: a recorded time ahead of the clock, or long before it, is told with what repairs it (${engine})`, async (t) => {
    const provider = { REMIT_IDP_ISSUER: 'https://login.example' }
    const parts = await emptyDatabase(t, engine, { ...GOOD_SETTINGS, ...NOWHERE, ...provider })
    await withRooms(parts, async () => {})
    /** `ahead`: by how much the clock is ahead of the provider's; undefined: the provider does not answer. */
    const look = (ahead: number | undefined) => {
      const date = new Date(Date.now() - (ahead ?? 0)).toUTCString()
      const url = 'https://login.example/.well-known/openid-configuration'
      const answers =
        ahead === undefined ? {} : { [url]: () => Response.json({}, { headers: { date } }) }
      return examine({
        ...{ settings: parts.settings, clock: systemClock },
        probes: { ...systemProbes(), fetch: answering(answers) },
        ...{ storage: { ...storageOptions(parts.settings), ...parts.storage } },
        ...{ version: '0.1.0', isOutside: false },
        checks: CHECKS.filter(({ id }) => id === 'recorded-time'),
      })
    }
    for (const [ms, ahead, status, message] of [
      [0, 2 * HOUR, 'ok', /./],
      [HOUR, 0, 'error', /3[56]\d\d s ahead .* remit clock accept/],
      [-29 * 24 * HOUR, undefined, 'ok', /./],
      [-29 * 24 * HOUR, 2 * HOUR, 'error', /29 days old.* 2 h ahead .* remit clock confirm/],
      [-31 * 24 * HOUR, undefined, 'error', /31 days old.* remit clock confirm/],
      [-31 * 24 * HOUR, 0, 'ok', /./],
    ] as const) {
      await recordTimeAt(parts, ms)
      const [found] = await look(ahead)
      assert.equal(found?.status, status, String(ms))
      assert.match(JSON.stringify(found), message)
    }
  })

test('a schema that is not there yet, and a database that is not there', async (t) => {
  const parts = await emptyDatabase(t, 'sqlite', GOOD_SETTINGS)
  const look = async () => {
    const results = await examine({
      ...{ settings: parts.settings, clock: systemClock, probes: systemProbes() },
      ...{ storage: storageOptions(parts.settings), version: '0.1.0', isOutside: false },
      checks: CHECKS.filter(({ id }) => ['database', 'schema', 'owners'].includes(id)),
    })
    return results.map(({ status }) => status)
  }
  assert.deepEqual(await look(), ['error', 'unknown', 'unknown'])
  await withRooms(parts, async ({ storage }) => {
    assert.deepEqual(await look(), ['ok', 'ok', 'ok'])
    await storage.transaction(async (tx) => {
      await tx.schema.alterTable('kysely_migration').addColumn('unused', 'text').execute()
      await tx.deleteFrom('kysely_migration' as 'meta').execute() // as: the schema does not list it
    })
  })
  assert.deepEqual(await look(), ['ok', 'error', 'unknown'])
})

test('a check that hangs or fails stops no other, and an error of a library is not quoted', async (t) => {
  const parts = await emptyDatabase(t, 'sqlite', GOOD_SETTINGS)
  const check = (id: string, look: ProductionCheck['look']) => ({ id, page: 'README.md', look })
  const results = await examine({
    ...{ settings: parts.settings, clock: manualClock(), probes: systemProbes() },
    ...{ storage: storageOptions(parts.settings), version: '0.1.0', isOutside: false, patience: 1 },
    checks: [
      check('hangs', () => new Promise(() => {})),
      check('fails', () => {
        throw new Error(`postgres://remit:${CANARY}@db`)
      }),
      check('code', () => Promise.reject(Object.assign(new Error(CANARY), { code: 'EPIPE' }))),
      check('good', () => ok('Good.')),
    ],
  })
  assert.deepEqual(
    results.map(({ message, status }) => [status, message]),
    [
      ['unknown', 'No answer within 1 ms.'],
      ['unknown', 'It failed: Error.'],
      ['unknown', 'It failed: EPIPE.'],
      ['ok', 'Good.'],
    ],
  )
})

test('only what can be seen from outside is looked at, when only an issuer is known', async () => {
  const results = await examine({
    ...{
      settings: readSettings({ REMIT_ISSUER: 'http://127.0.0.1:9' }),
      clock: manualClock(),
      probes: systemProbes(),
    },
    ...{ storage: { kind: 'sqlite', directory: '/nowhere' }, version: '0.1.0', isOutside: true },
  })
  assert.deepEqual(
    results.map(({ id }) => id),
    ['metadata', 'ready', 'issuer-certificate'],
  )
})

test('the exit code counts errors, and warnings when they are asked for', () => {
  const about = { at: '', issuer: 'https://remit.example', release: { version: '1', schema: 1 } }
  const of = (...statuses: readonly ('error' | 'ok' | 'unknown' | 'warning')[]) =>
    reportOf(
      statuses.map((status) => ({ id: 'x', page: 'README.md', status, message: 'It is.' })),
      about,
    )
  assert.deepEqual(
    [of('ok'), of('unknown'), of('warning'), of('ok', 'error')].map((report) => [
      exitOf(report, false),
      exitOf(report, true),
    ]),
    [
      [0, 0],
      [0, 0],
      [0, 1],
      [1, 1],
    ],
  )
  const lines = tableOf(of('ok', 'warning')).map((line) => line.render(false))
  assert.match(lines.at(-1) ?? '', /0 errors, 1 warnings, 0 not checked, 1 ok$/)
})

test('the page of each check is there, and docs/operations/doctor.md describes each', () => {
  const docs = new URL('../../../docs/', import.meta.url)
  const page = readFileSync(new URL('operations/doctor.md', docs), 'utf8')
  for (const { id, page: of } of CHECKS) {
    assert.ok(existsSync(new URL(of, docs)), of)
    assert.match(page, new RegExp(`^\\|.*\`${id}\``, 'm'))
  }
})

/** Messages with which PostgreSQL ends a start: AuthenticationOk, ReadyForQuery (manual 53.7). */
const STARTED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

test('a database that begins and never answers does not hold the command', async (t) => {
  const silent = createServer((socket) => socket.once('data', () => socket.write(STARTED)).resume())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  // The listener closes when its last connection has ended.
  t.after(() => new Promise((resolve) => silent.close(resolve)))
  const { port } = silent.address() as AddressInfo // listening on TCP
  const results = await examine({
    ...{ settings: readSettings(GOOD_SETTINGS), clock: systemClock, probes: systemProbes() },
    storage: {
      ...{ kind: 'postgres', url: `postgres://remit:${CANARY}@127.0.0.1:${port}/remit` },
      connections: { waitFactor: 0.01 },
    },
    version: '0.1.0',
    isOutside: false,
    checks: CHECKS.filter(({ id }) => ['database', 'pooler', 'owners'].includes(id)),
  })
  assert.deepEqual(
    results.map(({ status }) => status),
    ['error', 'unknown', 'unknown'],
  )
  assert.doesNotMatch(JSON.stringify(results), new RegExp(CANARY))
})
