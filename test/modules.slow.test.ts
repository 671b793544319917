import assert from 'node:assert/strict'
import { it } from 'node:test'
import { planOperation } from '../src/catalog/catalog/testing.ts'
import { applyImport } from '../src/catalog/catalog-changes/index.ts'
import { METADATA_PATH } from '../src/extensions/authzen/metadata.ts'
import { AUTHZEN } from '../src/extensions/authzen/module.ts'
import { backUp, checkBackup, folder } from '../src/extensions/backup/testing.ts'
import { TELEMETRY } from '../src/extensions/telemetry/module.ts'
import { systemRandom } from '../src/platform/lib/random.ts'
import { tablesOf } from '../src/platform/storage/index.ts'
import { TEST_CONNECTIONS } from '../src/platform/storage/postgres/testing.ts'
import { readSettings } from '../src/programs/config/settings.ts'
import { MODULES } from '../src/programs/modules.ts'
import { send } from './wire.ts'
import { inEachWorld } from './world.ts'

const SETS = [
  { name: 'without any module', modules: [] },
  ...MODULES.map((module) => ({ name: `with ${module.name} alone`, modules: [module] })),
]

/** Protocols that modules bring, each by a module of its name. */
const PROTOCOLS = ['a2a', 'graphql'] as const

for (const { modules, name } of SETS)
  inEachWorld(
    `a server ${name}`,
    (world) => {
      it('decides calls, asks people, and keeps a ledger that verifies', async () => {
        const w = world()
        const task = await w.open()
        assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
        const held = await w.agent.call(task, 'POST', '/orders/orders/1042/refunds', {
          body: '{"amount": 300}',
        })
        assert.notEqual(held.status, 201, held.text)
        const ada = await w.api('ada')
        assert.equal((await ada.send('GET', '/decisions?limit=1')).status, 200)
        assert.equal((await ada.send('GET', '/ledger/export')).status, 200)
        await w.restart()
        assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
      })

      it('serves the operations of its own modules, and of no other', async () => {
        const ada = await world().api('ada')
        for (const each of MODULES)
          for (const { id, method, path } of (await each.operations?.()) ?? []) {
            const { body } = await ada.send(method, path.replaceAll(/:\w+/g, 'nothing'), {})
            const told = `${id} ${body.code}`
            if (modules.includes(each)) assert.notEqual(body.code, 'request.not_found', told)
            // `shadow` is then taken for the version of a policy, and is none.
            else assert.match(String(body.code), /^request\.(?:not_found|malformed)$/, told)
          }
      })

      it('has the tables of its own modules, and of no other', () => {
        const { tables } = world().rooms.storage.build
        for (const each of MODULES)
          for (const name of Object.keys(each.tables ?? {}))
            assert.equal(name in tables, modules.includes(each), name)
      })

      it('is backed up, with the tables of its own modules', async (t) => {
        const w = world()
        const { build } = w.rooms.storage
        const store = {
          ...{ settings: readSettings(w.environment), clock: w.clock, random: systemRandom },
          ...{ release: 'test', onTable: () => {}, onError: assert.ifError },
          storage: { connections: TEST_CONNECTIONS, databaseClock: w.clock, build },
        }
        const directory = await folder(t)
        const { tables } = await backUp(store, directory)
        assert.deepEqual(
          tables.map(({ name }) => name),
          tablesOf(build, 'kept', 'ended', 'emptied'),
        )
        await checkBackup(store, { directory })
      })

      it('counts decisions where telemetry is in, and else listens at no address for metrics', async () => {
        const w = world()
        assert.equal((await w.agent.call(await w.open(), 'GET', '/orders/orders/1042')).status, 200)
        const told = await send(w.metrics).then(
          ({ text }) => text,
          () => undefined,
        )
        if (modules.includes(TELEMETRY)) assert.match(told ?? '', /^remit_decisions_total\{/m)
        else assert.equal(told, undefined)
      })

      it('answers enforcement points by AuthZEN where that is in, and else says that there is no such page', async () => {
        const { status } = await send(`${world().issuer}${METADATA_PATH}`)
        assert.equal(status, modules.includes(AUTHZEN) ? 200 : 404)
      })

      it('imports and serves the protocols of its own modules, and of no other', async () => {
        const w = world()
        const ada = await w.api('ada')
        for (const protocol of PROTOCOLS) {
          const isIn = modules.some(({ name: own }) => own === protocol)
          const { body } = await ada.send('PUT', '/resources/agents', { [protocol]: 'nothing' })
          assert.equal(/has no import/.test(String(body.detail)), !isIn, String(body.detail))

          const { resource, ...plan } = planOperation({})
          const identifier = `${w.gateway}/${protocol}`
          const spoken = { ...resource, name: protocol, identifier, protocol }
          const actions = plan.actions.map((each) => ({
            ...each,
            resource: protocol,
            name: protocol,
          }))
          await applyImport(w.rooms.connections, { ...plan, resource: spoken, actions }, 'ada')
          const told = await send(identifier, { method: 'POST' })
          assert.deepEqual(
            [told.status, told.body.code],
            isIn ? [401, 'token.missing'] : [404, 'resource.unknown'],
          )
        }
      })
    },
    { modules, settings: { REMIT_METRICS_LISTEN: '127.0.0.1:0' } },
  )
