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
    },
    { modules },
  )
