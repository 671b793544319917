import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { it } from 'node:test'
import { openLog } from '../../src/platform/http/index.ts'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { createServer } from '../../src/server.ts'
import { breakLedger, mendLedger } from '../broken-ledger.ts'
import { assertRefused, assertRequestable } from '../refusals.ts'
import { send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

/** Keeps anything from being appended to the ledger while `work` runs. */
async function withoutLedger(w: World, work: () => Promise<void>): Promise<void> {
  const { storage } = w.rooms
  await breakLedger(storage)
  try {
    await work()
  } finally {
    await mendLedger(storage)
  }
}

inEachWorld('storage in trouble', (world) => {
  it('the ledger cannot be written: no call is sent, no token issued, no task opened or closed', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const { page } = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/1'))
    const fiona = await w.browser('fiona')
    await fiona.submit(await fiona.get(page), /^Approve once/)
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const subjectToken = await w.idToken()
    const before = w.echo.connections
    await withoutLedger(w, async () => {
      for (const [method, path] of [
        ['GET', '/echo/things/1'],
        ['DELETE', '/echo/things/1'],
        ['DELETE', '/echo/things/other'],
      ] as const) {
        const answer = await w.agent.call(task, method, path, { token })
        assertRefused(answer, 'server.failed', `${method} ${path}`)
        assert.ok(!/ledger_(?:intake|leaves)/.test(answer.text), 'nothing of the inside is told')
      }
      const tokens = await w.agent.askToken(task, w.orders)
      assert.deepEqual([tokens.status, tokens.body.error], [500, 'server_error'], tokens.text)
      const opening = await w.agent.ask({ subjectToken, scope: 'orders.read' })
      assert.deepEqual([opening.status, opening.body.error], [500, 'server_error'], opening.text)
      assertRefused(await w.agent.about(task, 'DELETE', ''), 'server.failed')
      const ready = await send(`${w.issuer}/livez`)
      assert.equal(ready.status, 200)
    })
    assert.equal(w.echo.connections, before, 'nothing was sent')
    assert.equal((await w.agent.about(task, 'GET', '')).body.state, 'open')
    const later = await w.agent.call(task, 'DELETE', '/echo/things/1', { token })
    assert.equal(later.status, 200, 'the approval was not lost')
    assert.equal(w.echo.reached.length, 1)
    const again = await w.agent.ask({ subjectToken, scope: 'orders.read' })
    assert.equal(again.status, 200, 'nor was the subject token')
  })

  it('a second process on the data directory does not start; one that is on another database does no harm', async () => {
    const w = world()
    if (w.rooms.storage.engine === 'postgres') return
    const options = {
      settings: readSettings(w.environment),
      clock: systemClock,
      random: systemRandom,
      log: openLog({ level: 'silent' }),
      migrate: true,
      development: true,
    }
    await assert.rejects(createServer(options), { code: 'storage.locked' })
    const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'serve.ts')], {
      env: { ...process.env, ...w.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [said, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'exit')])
    assert.notEqual(code, 0)
    assert.match(said.join(''), /storage\.locked/)
    const task = await w.open()
    assert.equal((await w.agent.call(task, 'GET', '/echo/things/1')).status, 200)
  })

  it('ports that are taken: said so, and the store is let go of', async () => {
    const w = world()
    if (w.rooms.storage.engine === 'sqlite') return
    const server = await createServer({
      settings: readSettings(w.environment),
      clock: systemClock,
      random: systemRandom,
      log: openLog({ level: 'silent' }),
      migrate: true,
      development: true,
    })
    await assert.rejects(server.listen(), { code: 'server.port_in_use' })
    await server.stop()
  })
})
