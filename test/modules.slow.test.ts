import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MODULES } from '../src/programs/modules.ts'
import { inEachWorld } from './world.ts'

const SETS = [
  { name: 'without any module', modules: [] },
  ...MODULES.map((module) => ({ name: `with ${module.name} alone`, modules: [module] })),
]

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
    },
    { modules },
  )
