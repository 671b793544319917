import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import { neededSchema, type Storage, schemaNames } from '../../src/platform/storage/index.ts'
import { onBothEngines, testedEngines } from '../../src/platform/storage/testing.ts'
import { buildFor } from '../../src/programs/modules.ts'
import { ECHO_SECRET } from '../echo.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { startUpstream } from '../upstream.ts'
import { send } from '../wire.ts'
import { type KeptDatabase, readKept } from './kept-database.ts'
import { type UpgradedServer, upgrade } from './upgraded.ts'

const KEPT = new URL('./kept/', import.meta.url)
const FILES = readdirSync(KEPT).toSorted()
/** Number of the first schema that is upgraded for ever: that of 11e9c05e. */
const FIRST = 10

describe('databases of earlier states of main', () => {
  it('O2: each schema that stood on main is kept, on both engines', () => {
    for (let number = FIRST; number < neededSchema(buildFor('sqlite')); number++)
      for (const engine of ['sqlite', 'postgres']) {
        const of = `${String(number).padStart(4, '0')}-`
        assert.ok(
          FILES.some((name) => name.startsWith(of) && name.includes(`.${engine}.`)),
          `schema ${number} stood on main: run \`node test/upgrade/keep.ts COMMIT\` with the last commit that had it`,
        )
      }
  })
})

for (const engine of testedEngines())
  for (const name of FILES.filter((each) => each.includes(`.${engine}.`)))
    describe(`O2: a database of ${name}, upgraded`, () => {
      let kept: KeptDatabase
      let now: UpgradedServer
      before(async () => {
        kept = readKept(new URL(name, KEPT))
        now = await upgrade(kept, engine)
      })
      after(() => now?.close())
      const call = (method: string, path: string, token?: string) =>
        now.agent.call(now.task, method, path, token === undefined ? {} : { token })

      it('its schema is that of today', async () => {
        assert.deepEqual(
          kept.migrations,
          schemaNames(buildFor(engine)).slice(0, kept.migrations.length),
        )
        assert.equal((await send(`${kept.issuer}/readyz`, { port: now.port })).status, 200)
      })

      it('its task goes on, and its policies decide', async () => {
        assert.equal((await now.agent.about(now.task, 'GET', '')).status, 200)
        assertRequestable(await call('DELETE', '/echo/things/new'))
      })

      it('what was closed stays closed', async () => {
        assertRefused(await now.agent.about(now.closed, 'GET', ''), 'task.closed')
      })

      it('an approval from before lets its call through to the address that was approved', async () => {
        const sent = await call('DELETE', '/echo/things/approved', kept.token)
        assertRefused(sent, 'upstream.unreachable')
      })

      it('a request from before is approved today', async () => {
        const body = JSON.stringify({ name: 'pending', owner: { id: 'asked' } })
        const create = () => now.agent.call(now.task, 'POST', '/echo/things', { body })
        assertDenied(await create(), 'approval.required')
        const done = await now.approve(kept.pending)
        assert.equal(done.body.state, 'approved', done.text)
        assertRefused(await create(), 'upstream.unreachable')
      })

      it('a token from before works, by the connection from before', async (t) => {
        const echo = await startUpstream()
        t.after(() => echo.close())
        await now.moveEcho(echo.origin)
        const answer = await call('GET', '/echo/things/2', kept.token)
        assert.equal(answer.status, 200, answer.text)
        assert.equal(echo.reached.at(-1)?.headers.authorization, `Bearer ${ECHO_SECRET}`)
        assert.equal((await call('GET', '/echo/things/3')).status, 200, 'with a token of today')
      })

      it('its ledger goes on: records of both are in one tree', async () => {
        const { ledger } = now.rooms
        await ledger.sequence()
        const size = await ledger.size()
        const records = await ledger.records(0, size)
        assert.equal(records.length, size)
        const types = records.map(({ record }) => JSON.parse(record).type)
        assert.equal(types.filter((each) => each === 'approval.used').length, 2)
      })
    })

onBothEngines('the schema after an upgrade', (open) => {
  for (const name of FILES)
    it(`O2: ${name} has the columns of a new one`, async (t) => {
      const fresh = await open()
      if (!name.includes(`.${fresh.engine}.`)) return t.skip('of the other engine')
      const now = await upgrade(readKept(new URL(name, KEPT)), fresh.engine)
      t.after(() => now.close())
      assert.deepEqual(await columnsOf(now.rooms.storage), await columnsOf(fresh))
    })
})

async function columnsOf(storage: Storage): Promise<readonly string[]> {
  const query =
    storage.engine === 'sqlite'
      ? sql<{
          name: string
        }>`SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" AS name
          FROM sqlite_schema t JOIN pragma_table_info(t.name) c`
      : sql<{
          name: string
        }>`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS name
          FROM information_schema.columns WHERE table_schema = 'public'`
  return (await query.execute(storage.read)).rows.map(({ name }) => name).toSorted()
}
