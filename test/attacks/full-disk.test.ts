import assert from 'node:assert/strict'
import { it } from 'node:test'
import { until } from '../until.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const MB = 1_048_576
let free = 10_000 * MB

inEachWorld(
  'a disk that is nearly full',
  (world) => {
    it('refuses calls, tasks and tokens first, and still revokes and signs in', async () => {
      const w = world()
      if (w.databaseUrl !== undefined) return // the disk of PostgreSQL cannot be seen from here
      const { disk, ledger } = w.rooms
      const task = await w.open()
      const call = () => w.agent.call(task, 'GET', '/echo/things/1')
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      const records = async () => {
        await ledger.sequence()
        return ledger.size()
      }
      const stranger = () =>
        send(`${w.gateway}/echo/things/1`, { headers: [['Authorization', 'Bearer x']] })

      free = 200 * MB
      await disk.check()
      assert.equal((await call()).status, 200, 'below twice the reserve everything goes on')
      // Its outcome is recorded a moment after the answer.
      const open = () => w.rooms.storage.read.selectFrom('decisions_open').selectAll().execute()
      await until(async () => (await open()).length === 0 || undefined)
      const before = await records()
      for (let i = 0; i < 5; i++) assert.equal((await stranger()).status, 401)
      assert.equal(await records(), before, 'but records of refusals')

      free = 100 * MB
      await disk.check()
      w.echo.forget()
      const refused = await w.agent.call(task, 'GET', '/echo/things/1', { token })
      assert.deepEqual([refused.status, refused.body.code], [503, 'storage.reserved'])
      assert.equal(w.echo.reached.length, 0, 'nothing was sent')
      const asked = await w.agent.ask({ subjectToken: await w.idToken(), details: [] })
      assert.deepEqual([asked.status, asked.body.error], [503, 'temporarily_unavailable'])
      const ready = await send(`${w.issuer}/readyz`)
      assert.equal(ready.status, 503)
      assert.match(ready.text, /"name":"disk","ok":false/)
      assert.ok(await w.browser('fiona'), 'people sign in')
      const form = new URLSearchParams({ token: task.token }).toString()
      const type = ['Content-Type', 'application/x-www-form-urlencoded'] as const
      const revoked = await send(`${w.issuer}/oauth/revoke`, {
        method: 'POST',
        headers: [type],
        body: form,
      })
      assert.equal(revoked.status, 200, revoked.text)

      free = 10_000 * MB
      await disk.check()
      const after = await w.agent.call(task, 'GET', '/echo/things/1', { token })
      assert.equal(after.status, 401, 'and it stays closed')
      assert.equal((await send(`${w.issuer}/readyz`)).status, 200)
    })
  },
  { freeBytes: async () => free },
)
