import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openLog } from '../../src/platform/http/index.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { forgetUsed } from '../../src/platform/storage/index.ts'
import { TEST_CONNECTIONS } from '../../src/platform/storage/postgres/testing.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { createServer, type Server } from '../../src/server.ts'
import { TestAgent } from '../agent.ts'
import { freePorts } from '../ports.ts'
import { assertDenied, assertRefused } from '../refusals.ts'
import { shiftedClock } from '../shifted-clock.ts'
import { until } from '../until.ts'
import { World } from '../world.ts'

const READ = '/echo/things/1'
const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'

describe('C2: two servers on one database, and the clock of one is wrong', { skip }, () => {
  let w: World
  let wrong: Server
  let elsewhere: TestAgent
  let issuer = 0
  const clock = shiftedClock()

  before(async () => {
    w = await World.start('postgres')
    const [first = 0, gateway = 0] = await freePorts(2)
    issuer = first
    wrong = await createServer({
      settings: readSettings({
        ...w.environment,
        REMIT_LISTEN: `127.0.0.1:${issuer}`,
        REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      }),
      clock,
      connections: TEST_CONNECTIONS,
      random: systemRandom,
      log: openLog({ level: 'silent' }),
      migrate: false,
      development: true,
    })
    await wrong.listen()
    const ports = { [w.issuer]: issuer, [w.gateway]: gateway }
    const place = { issuer: w.issuer, gateway: w.gateway, clock: w.clock, ports }
    elsewhere = new TestAgent(place, w.agent.id, w.agent.key)
  })
  after(async () => {
    await wrong?.stop()
    await w?.stop()
  })

  const readiness = async (wanted: number) =>
    until(async () => {
      const { host } = new URL(w.issuer)
      const answer = await fetch(`http://127.0.0.1:${issuer}/readyz`, { headers: { host } })
      const text = await answer.text()
      return answer.status === wanted ? text : undefined
    })

  for (const seconds of [30, -30, 600, -600, 3_600, -3_600])
    it(`by ${seconds} s: nothing is used twice, nothing closes early, it denies and says why, and recovers by itself`, async () => {
      const task = await w.open()
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      const proofs = [
        await w.agent.proof(task.key, { method: 'GET', url: w.gateway + READ, token }),
      ]
      assert.equal((await w.agent.call(task, 'GET', READ, { token, proofs })).status, 200)
      assert.equal((await elsewhere.call(task, 'GET', READ, { token })).status, 200)
      w.echo.forget()

      clock.jump(seconds * 1_000)
      assert.match(await readiness(503), /server\.clock_off/)
      assertRefused(await elsewhere.call(task, 'GET', READ, { token }), 'server.clock_off')
      const refused = await elsewhere.askToken(task, `${w.gateway}/echo`)
      assert.equal(refused.body.code, 'server.clock_off', refused.text)
      const opening = { subjectToken: await w.idToken(), scope: 'echo.read' }
      assert.notEqual((await elsewhere.ask(opening)).status, 200)
      assert.equal(w.echo.reached.length, 0)
      // What it would sweep by, if it swept.
      const { decisions, storage } = wrong.rooms
      assert.ok(Math.abs(decisions.clock.now() - w.clock.now()) < 5_000)
      await forgetUsed(storage, decisions.clock.now())
      assertDenied(await w.agent.call(task, 'GET', READ, { token, proofs }), 'proof.replayed')
      assert.equal((await w.agent.about(task, 'GET', '')).body.state, 'open')
      assert.equal((await w.agent.call(task, 'GET', READ, { token })).status, 200)

      clock.jump(-seconds * 1_000)
      await readiness(200)
      assert.equal((await elsewhere.call(task, 'GET', READ, { token })).status, 200)
    })

  it('a task is closed there all the same', async () => {
    const task = await w.open()
    clock.jump(600_000)
    await readiness(503)
    assert.equal((await elsewhere.revoke(task.token)).status, 200)
    assertRefused(await w.agent.about(task, 'GET', ''), 'task.closed')
    clock.jump(-600_000)
    await readiness(200)
  })
})
