/** Servers in processes of their own, on each engine, whose clock is set while they run, and before they start. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { testedEngines } from '../../src/platform/storage/testing.ts'
import type { OpenTask } from '../agent.ts'
import { assertRefused } from '../refusals.ts'
import { ServerProcess } from '../replicas/server-process.ts'
import { until } from '../until.ts'
import { World } from '../world.ts'

const READ = '/echo/things/1'
const HOUR = 3_600_000
const DAY = 24 * HOUR

for (const [engine, processes] of testedEngines().flatMap((each) =>
  [1, 2].map((count) => [each, count] as const),
))
  describe(`core M2: a wrong clock at a server of ${processes} (${engine})`, () => {
    let w: World
    let server: ServerProcess
    let file: string
    let task: OpenTask
    let token: string

    const set = (ms: number) => writeFileSync(file, String(ms))
    const starts = () => readFileSync(`${file}.starts`, 'utf8').split('\n').length
    const readiness = (wanted: boolean) =>
      until(async () => ((await server.isReady()) === wanted ? true : undefined))
    const mayCall = async () => (await w.agent.call(task, 'GET', READ, { token })).status === 200

    before(async () => {
      w = await World.start(engine, { onDisk: true })
      file = join(w.data, 'clock')
      set(0)
      const preload = join(import.meta.dirname, '..', 'jumping-clock.ts')
      server = await ServerProcess.inPlaceOf(w, processes, {
        ...{ CLOCK_FILE: file, NODE_OPTIONS: `--import=${preload}`, PRODUCTION: 'yes' },
      })
      if (processes > 1) await until(async () => server.pids.length === processes || undefined)
      task = await w.open()
      token = await w.agent.token(task, `${w.gateway}/echo`)
      assert.ok(await mayCall())
    })
    after(async () => {
      await server?.kill()
      await w?.stop()
    })

    it('that jumps an hour ahead while it runs permits nothing, closes nothing, and goes on when it is right again', async () => {
      set(HOUR)
      await readiness(false)
      assertRefused(await w.agent.call(task, 'GET', READ, { token }), 'server.clock_off')
      if (processes > 1 && engine === 'sqlite') {
        const before = starts()
        process.kill(server.pids[1] ?? 0, 'SIGKILL')
        // One that is started again now goes by the same clock, and must not believe it.
        await until(async () => (starts() >= before + 2 ? true : undefined))
        assert.equal(server.pids.length, 1)
        assertRefused(await w.agent.call(task, 'GET', READ, { token }), 'server.clock_off')
      }
      set(0)
      await readiness(true)
      if (processes > 1) await until(async () => server.pids.length === processes || undefined)
      assert.equal((await w.agent.about(task, 'GET', '')).body.state, 'open')
      await until(async () => ((await mayCall()) ? true : undefined))
    })

    it('that is 400 days ahead at the start keeps it from starting, and the next start finds everything as it was', async () => {
      await server.stop()
      set(400 * DAY)
      await assert.rejects(server.resume(), /ended before it was ready/)
      set(0)
      await server.resume()
      assert.equal((await w.agent.about(task, 'GET', '')).body.state, 'open')
      await until(async () => ((await mayCall()) ? true : undefined))
    })
  })
