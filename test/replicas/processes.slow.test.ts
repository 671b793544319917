/** One server that serves by several processes, on each engine. What they promise is counted by the API that they call. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { testedEngines } from '../../src/platform/storage/testing.ts'
import { freePorts } from '../ports.ts'
import { until } from '../until.ts'
import { send } from '../wire.ts'
import { World } from '../world.ts'
import { ACTS, closeBesideCalls } from './acts.ts'
import { ServerProcess } from './server-process.ts'
import { Traffic } from './traffic.ts'

for (const engine of testedEngines())
  describe(`two processes behind one address (${engine})`, () => {
    let w: World
    let server: ServerProcess
    let metrics: string
    /** Stands for the same address many times: each request comes over a connection of its own, which goes to the next process. */
    let servers: readonly ServerProcess[]

    before(async () => {
      w = await World.start(engine, { onDisk: true })
      const [port = 0] = await freePorts(1)
      metrics = `127.0.0.1:${port}`
      server = await ServerProcess.inPlaceOf(w, 2, { REMIT_METRICS_LISTEN: metrics })
      servers = [server, server]
    })
    after(async () => {
      await server?.kill()
      await w?.stop()
    })

    const bothServe = () => until(async () => server.pids.length === 2 || undefined)

    it('the metrics of both are told at one address, each with the number of its process', async () => {
      await bothServe()
      const { status, text } = await send(`http://${metrics}/metrics`)
      assert.equal(status, 200)
      for (const number of [1, 2])
        assert.match(text, new RegExp(`^remit_build_info\\{process="${number}",`, 'm'))
    })

    it('nothing is executed twice, overdrawn, or permitted after an end has returned', async () => {
      await bothServe()
      const traffic = new Traffic(w)
      for (const act of ACTS)
        await Promise.all([act(w, traffic, servers), act(w, traffic, servers)])
      assert.ok(traffic.assertInvariants() > 10, 'most of it reached the API')
    })

    it('also when one is killed in the middle, which is started again', async () => {
      const traffic = new Traffic(w)
      // What is not an answer of a process that was killed is no failure of the act.
      const work = ACTS.map((act) => act(w, traffic, servers).catch(() => {}))
      await until(async () => (w.echo.reached.length > 1 ? true : undefined))
      process.kill(server.pids[1] ?? 0, 'SIGKILL')
      await Promise.all(work)
      await bothServe()
      await closeBesideCalls(w, traffic, servers)
      traffic.assertInvariants()
    })

    it('one that stands still keeps nobody else waiting, and permits nothing when it goes on', async () => {
      await bothServe()
      const traffic = new Traffic(w)
      const [first = 0] = server.pids
      const task = await w.open()
      await traffic.tokenOf(task)
      process.kill(first, 'SIGSTOP')
      try {
        const calls = Array.from({ length: 12 }, () => traffic.call(server.agent, task))
        let answered = 0
        for (const call of calls)
          void call.then((answer) => {
            if (answer) answered += 1
          })
        // One connection at most was given to it.
        await until(async () => (answered >= calls.length - 1 ? true : undefined))
      } finally {
        if (server.pids.includes(first)) process.kill(first, 'SIGCONT')
      }
      const closed = await w.agent.about(task, 'DELETE', '')
      assert.equal(closed.status, 200)
      traffic.ended(task)
      await Promise.all(Array.from({ length: 4 }, () => traffic.call(server.agent, task)))
      traffic.assertInvariants()
    })

    it('when the process that started them is killed, all of them end, and nothing that was answered is lost', async () => {
      await bothServe()
      const traffic = new Traffic(w)
      const task = await w.open()
      await traffic.tokenOf(task)
      const calls = Array.from({ length: 30 }, () => traffic.call(server.agent, task))
      await until(async () => (w.echo.reached.length > 5 ? true : undefined))
      await server.kill()
      const answers = await Promise.all(calls)
      await until(async () => (server.pids.length > 0 ? undefined : true))
      traffic.assertInvariants()
      await w.startServer()
      const told = answers.filter((answer) => answer?.status === 200).length
      const ledger = await w.ledger()
      const mine = ledger.filter(({ task: of }) => JSON.stringify(of ?? '').includes(task.id))
      assert.ok(mine.length >= told, `${mine.length} records of ${told} calls`)
    })

    it('core L5: one that ends before it served is started again, and the first serves all the time', async () => {
      const file = join(w.data, 'starts-of-the-second')
      const preload = join(import.meta.dirname, '..', 'crashing-process.ts')
      server = await ServerProcess.inPlaceOf(w, 2, {
        ...{ CRASH_FILE: file, NODE_OPTIONS: `--import=${preload}` },
      })
      const [first] = server.pids
      await bothServe()
      await until(async () => readFileSync(file, 'utf8').split('\n').length > 2 || undefined)
      assert.ok(await server.isReady())
      assert.equal(server.pids[0], first)
      assert.equal(await server.stop(), 0)
    })

    it('it stops when it is told to', async () => {
      const [port = 0] = await freePorts(1)
      metrics = `127.0.0.1:${port}`
      server = await ServerProcess.inPlaceOf(w, 2, { REMIT_METRICS_LISTEN: metrics })
      assert.equal(await server.stop(), 0)
      await until(async () => (server.pids.length > 0 ? undefined : true))
    })
  })
