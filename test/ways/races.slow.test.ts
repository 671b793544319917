import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { openLog } from '../../src/platform/http/index.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { TEST_CONNECTIONS } from '../../src/platform/storage/postgres/testing.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { createServer, type Server } from '../../src/server.ts'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { postForm } from '../agent.ts'
import { Stranger } from '../mcp/stranger.ts'
import { freePorts } from '../ports.ts'
import { send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'
import { Ways } from './desk.ts'
import { WAYS } from './grant-ways.ts'
import { pushedUrl } from './held.ts'

const AT_ONCE = 64
const OPENINGS = 10_000

/** A second server on the database. From here on every other request of an agent is its own. */
async function secondReplica(w: World): Promise<Server> {
  const [issuer = 0, gateway = 0] = await freePorts(2)
  const second = await createServer({
    settings: readSettings({
      ...w.environment,
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    }),
    clock: w.clock,
    connections: TEST_CONNECTIONS,
    random: systemRandom,
    log: openLog({ level: 'silent' }),
    migrate: false,
    development: true,
  })
  await second.listen()
  let requests = 0
  const inTurn = (origin: string, other: number) =>
    requests++ % 2 ? other : Number(new URL(origin).port)
  w.ports = {
    get [w.issuer]() {
      return inTurn(w.issuer, issuer)
    },
    get [w.gateway]() {
      return inTurn(w.gateway, gateway)
    },
  }
  return second
}

inEachWorld(
  `what serves once, ${AT_ONCE} times at once`,
  (world) => {
    let ways: Ways
    let second: Server | undefined
    before(async () => {
      ways = await Ways.make(world())
      if (world().databaseUrl !== undefined) second = await secondReplica(world())
    })
    after(() => second?.stop())

    for (const { grant, name, prepare, serves } of WAYS.filter((way) => way.serves))
      it(name, async () => {
        const { take } = await prepare(ways)
        const count = async () =>
          (await listTasks(world().rooms.storage.read, { limit: OPENINGS })).length
        const [opened, reached] = [await count(), world().echo.reached.length]
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, take))
        const winners = answers.filter(({ through }) => through)
        const seen = [...new Set(answers.map((answer) => answer.seen.slice(0, 200)))].join('\n')
        assert.ok(winners.length <= 1, seen)
        if (serves === 'once') assert.equal(winners.length, 1, seen)
        // Whatever was answered: no more came of it.
        if (grant === undefined) assert.equal(world().echo.reached.length - reached, 1)
        else assert.ok((await count()) - opened <= 1)
        assert.ok(
          answers.every(({ seen: text }) => !text.startsWith('5')),
          seen,
        )
        assert.equal((await take()).through, false, 'later')
      })

    it('a refresh token is exchanged: all get one next token, and once that was used none', async () => {
      const desk = `${world().gateway}/desk`
      const stranger = await Stranger.arrive(world())
      await stranger.register()
      await stranger.enter(desk)
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => stranger.refresh()))
      const nexts = answers.flatMap(({ body, status }) =>
        status === 200 ? [String(body.refresh_token)] : [],
      )
      const [next = ''] = nexts
      assert.deepEqual([...new Set(nexts)], [next])
      assert.equal((await stranger.refresh({ refresh_token: next })).status, 200)
      assert.equal((await stranger.refresh()).body.code, 'refresh_token.used')
    })

    it('a pushed request is answered', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.register()
      const asked = Object.fromEntries(stranger.asking(`${w.gateway}/desk`).searchParams)
      const { body } = await postForm(`${w.issuer}/oauth/par`, asked, [])
      const url = pushedUrl(w.issuer, stranger.id, String(body.request_uri)).href
      const browser = await stranger.browser('sam')
      // The first makes the browser one that is known.
      const first = await browser.get(url)
      const others = Array.from({ length: AT_ONCE - 1 }, () => browser.get(url))
      const pages = [first, ...(await Promise.all(others))]
      const last = await Promise.all(pages.map((page) => browser.allow(page)))
      const codes = stranger.arrived.filter(({ searchParams }) => searchParams.has('code'))
      const seen = [...new Set(last.map((page) => `${page.status} ${page.text.slice(0, 80)}`))]
      assert.equal(codes.length, 1, seen.join('\n'))
      assert.ok(!seen.some((one) => one.startsWith('5')), seen.join('\n'))
    })

    it('a registration is taken back', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.register()
      const desk = `${w.gateway}/desk`
      await stranger.redeem(await stranger.codeFor(desk), desk)
      const { registration_access_token: token, registration_client_uri: at } = Object(
        stranger.client,
      )
      const headers = [['Authorization', `Bearer ${token}`]] as const
      const leave = () => send(String(at), { method: 'DELETE', headers })
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, leave))
      const statuses = answers.map(({ status }) => status)
      assert.ok(statuses.includes(204), statuses.join())
      assert.ok(
        statuses.every((status) => status === 204 || status === 401),
        statuses.join(),
      )
      const retired = (await w.ledger()).filter(
        ({ agent, type }) => type === 'agent.retired' && agent === stranger.id,
      )
      assert.equal(retired.length, 1)
      assert.equal((await leave()).status, 401, 'later')
    })
  },
  { desk: true, deviceCodes: true },
)
