/** A new version takes the place of an old one, and the old one of the new one, while agents call. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { migrate, migrationPlan } from '../../src/platform/storage/index.ts'
import type { OpenTask } from '../agent.ts'
import { NEXT_MIGRATION, nextBuild } from '../next-build.ts'
import { until } from '../until.ts'
import { World } from '../world.ts'
import { ServerProcess } from './server-process.ts'
import { Traffic } from './traffic.ts'

const NEXT = { NEXT_BUILD: 'true' }
const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'

describe('three server processes on one database', { skip }, () => {
  let w: World
  /** Servers that get new calls. */
  let servers: ServerProcess[] = []

  before(async () => {
    w = await World.start('postgres')
    servers = await Promise.all([1, 2, 3].map(() => ServerProcess.start(w)))
  })
  after(async () => {
    await Promise.all(servers.map((each) => each.kill()))
    await w?.stop()
  })

  /** Calls under way, by server. */
  const underWay = new Map<ServerProcess, number>()

  async function callAt(server: ServerProcess, traffic: Traffic, task: OpenTask, mark?: string) {
    await traffic.tokenOf(task)
    const count = (by: number) => underWay.set(server, (underWay.get(server) ?? 0) + by)
    count(1)
    try {
      return (await traffic.call(server.agent, task, mark ? { mark } : {}))?.status
    } finally {
      count(-1)
    }
  }

  /**
   * Replaces one server by another. It gets no new calls first, as a proxy does it. One call is still
   * at the API when it is told to stop.
   */
  async function replace(traffic: Traffic, task: OpenTask, more: Readonly<Record<string, string>>) {
    const [old] = servers.splice(0, 1)
    assert.ok(old)
    await until(async () => underWay.get(old) === 0 || undefined)
    const mark = traffic.mark()
    const { promise: letGo, resolve: go } = Promise.withResolvers<void>()
    w.echo.answer = (request, reply) => {
      const end = () => reply.setHeader('content-type', 'application/json').end('{}')
      if (request.url?.endsWith(mark)) letGo.then(end)
      else end()
    }
    const last = callAt(old, traffic, task, mark)
    await until(async () => traffic.reached().has(mark) || undefined)
    const stopped = old.stop()
    await until(async () => ((await old.isReady()) ? undefined : true))
    go()
    assert.equal(await last, 200, 'the call that ran is answered')
    assert.equal(await stopped, 0, 'it stopped in order')
    servers.push(await ServerProcess.start(w, more))
    return 200
  }

  it('are upgraded and rolled back one by one: every call is answered, and none is made twice', async () => {
    const traffic = new Traffic(w)
    const answers: (number | undefined)[] = []
    let done = false
    const agent = async (nth: number) => {
      for (let count = 0; !done; count++) {
        // A new task now and then, so that what one version writes is read by the other.
        if (count % 8 === 0) last = await w.open()
        await traffic.tokenOf(last)
        const server = servers[(nth + count) % servers.length]
        assert.ok(server, 'one is always there')
        answers.push(await callAt(server, traffic, last))
      }
    }
    let last = await w.open()
    const load = Promise.all([0, 1, 2, 3].map(agent))
    const more = async () => {
      const before = answers.length
      await until(async () => answers.length > before + 8 || undefined)
    }
    try {
      await more()
      const database = { kind: 'postgres', url: w.databaseUrl ?? '' } as const
      const next = { ...database, build: nextBuild() }
      const { replicas, steps } = await migrationPlan(next)
      assert.deepEqual(steps, [{ name: NEXT_MIGRATION, kind: 'expand' }])
      assert.deepEqual(replicas, [])
      await migrate(next)
      await more()
      for (const _ of servers.slice()) {
        answers.push(await replace(traffic, last, NEXT))
        await more()
      }
      // Back to the old version: the schema stays.
      answers.push(await replace(traffic, last, {}))
      await more()
    } finally {
      done = true
      await load
    }
    assert.deepEqual([...new Set(answers)], [200])
    assert.equal(traffic.assertInvariants(), answers.length)
  })
})
