import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { recover } from '../../src/calls/calls/index.ts'
import { openLog } from '../../src/platform/http/index.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { stream } from '../../src/platform/net/mcp/testing.ts'
import { TEST_CONNECTIONS } from '../../src/platform/storage/postgres/testing.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { createServer, type Server } from '../../src/server.ts'
import { findDecision } from '../../src/tasks/decision-log/index.ts'
import { freePorts } from '../ports.ts'
import { until } from '../until.ts'
import { inEachWorld, World } from '../world.ts'
import { erase, pageOf, say, standing } from './asking.ts'
import { messagesOf, type OddRequest, Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { Stateless } from './stateless.ts'
import { completed, serveTasks, TASKS } from './task-server.ts'

const PATIENT = { hold: { withProgress: 60_000, without: 60_000 }, progressEvery: 20, lookEvery: 5 }
const LOGGED = 'notifications/message'
const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'

describe('MCP at two replicas on one database', { skip }, () => {
  let w: World
  let second: Server
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place
  /** Port of the second replica. */
  let there: { readonly port: number }

  before(async () => {
    w = await World.start('postgres', { mcp: PATIENT })
    const [issuer = 0, gateway = 0] = await freePorts(2)
    second = await createServer({
      settings: readSettings({
        ...w.environment,
        REMIT_LISTEN: `127.0.0.1:${issuer}`,
        REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      }),
      clock: w.clock,
      databaseClock: w.clock,
      connections: TEST_CONNECTIONS,
      random: systemRandom,
      log: openLog({ level: 'silent' }),
      migrate: false,
      development: true,
      mcp: PATIENT,
    })
    await second.listen()
    there = { port: gateway }
    notes = await serveNotes()
    place = await Place.add(w, { name: 'notes', url: notes.url, asks: ['erase'] })
  })
  afterEach(() => notes.play(() => false))
  after(async () => {
    await notes?.close()
    await second?.stop()
    await w?.stop()
  })

  it('a session that began at one goes on at the other', async () => {
    const session = await place.session(await place.open())
    const done = await session.call('say', { text: 'x' }, there)
    assert.equal(wordsOf(rpcOf(done).result), 'done')
    const here = rpcOf(await session.request('tools/list')).result
    assert.deepEqual(rpcOf(await session.request('tools/list', {}, there)).result, here)
  })

  it('a call that is held at one and asked for again at the other is one call, answered at any', async () => {
    const before = notes.calls().length
    const task = await place.open()
    const session = await place.session(task)
    const all = Array.from({ length: 12 }, (_, i) =>
      erase(session, 'both', i % 3 ? 'p' : undefined, i % 2 ? there : {}),
    )
    await say(w, await pageOf(w, task), /^Approve once/)
    const results = (await Promise.all(all)).map((each) => rpcOf(each).result)
    assert.equal(notes.calls().length, before + 1)
    const own = results.filter((result) => !result._meta['remit/told-again'])
    // More than eight are not held, and those were told that the call waits.
    const executed = own.filter((result) => wordsOf(result) === 'done')
    assert.equal(executed.length, 1)
    for (const result of own)
      if (result !== executed[0]) assert.match(wordsOf(result), /^PENDING, not executed/)
  })

  it('what was executed at one is told at the other, and not executed there', async () => {
    const task = await place.open()
    const session = await place.session(task)
    const holding = erase(session, 'once', 'p')
    await say(w, await pageOf(w, task), /^Approve once/)
    assert.equal(wordsOf(rpcOf(await holding).result), 'done')
    const before = notes.calls().length
    const told = rpcOf(await erase(session, 'once', undefined, there)).result
    assert.equal(told._meta['remit/told-again'], true)
    assert.match(wordsOf(told), /\ndone$/)
    assert.equal(notes.calls().length, before)
  })

  it('a task of a server that began at one ends at the other, once', async () => {
    const server = await serveTasks()
    const worker = await Place.add(w, { name: 'worker', url: server.url })
    const client = await Stateless.at(worker, await worker.open(), TASKS)
    const { taskId } = rpcOf(await client.call('work', { text: 'x' })).result
    const get = async (at: OddRequest) =>
      rpcOf(await client.request('tasks/get', { taskId }, at)).result
    for (const at of [there, {}]) assert.equal((await get(at)).status, 'working')
    server.tell(completed('the result'))
    const ends = await Promise.all(Array.from({ length: 8 }, (_, i) => get(i % 2 ? there : {})))
    for (const end of ends)
      if (end.status === 'completed') assert.equal(wordsOf(end.result), 'the result')
    for (const at of [there, {}]) assert.equal(wordsOf((await get(at)).result), 'the result')
    await server.close()
  })

  it('a call of 2026-07-28 goes from one to the other, as a page and as a task, and is executed once', async () => {
    const task = await place.open()
    const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
    const client = await Stateless.at(place, task, { elicitation: { url: {} }, ...tasks })
    const before = notes.calls().length
    const { requestState } = rpcOf(await client.call('erase', { what: 'x' })).result
    const inputResponses = { 'remit/approval': { action: 'accept' } }
    const again = { requestState, inputResponses }
    const created = rpcOf(await client.call('erase', { what: 'x' }, again, there)).result
    assert.equal(created.resultType, 'task', 'the state is good there')
    const { taskId } = created
    await say(w, await pageOf(w, task), /^Approve once/)
    const get = async (at: OddRequest) =>
      rpcOf(await client.request('tasks/get', { taskId }, at)).result
    await Promise.all([get({}), get(there), get({}), get(there)])
    for (const at of [{}, there]) {
      const done = await until(async () => {
        const found = await get(at)
        return found.status === 'completed' ? found : undefined
      })
      assert.match(wordsOf(done.result), /done$/)
    }
    assert.equal(notes.calls().length, before + 1)
  })

  it('the level of log messages that was set at one holds at the other, and the server is told by both', async () => {
    notes.play(
      on('tools/call', ({ message }, reply) => {
        for (const level of ['info', 'error'])
          stream(reply, { jsonrpc: '2.0', method: LOGGED, params: { level, data: 'x' } })
        stream(reply, { jsonrpc: '2.0', id: message.id, result: { content: [] } })
        reply.end()
        return true
      }),
    )
    const session = await place.session(await place.open())
    for (const [set, at] of [
      [there, {}],
      [{}, there],
    ] as const) {
      const before = notes.asked.length
      for (const level of ['info', 'error']) {
        await session.request('logging/setLevel', { level }, set)
        const heard = messagesOf(await session.call('say', { text: 'x' }, at)).slice(0, -1)
        const levels = heard.map(({ params }) => params.level)
        assert.deepEqual(levels, level === 'info' ? ['info', 'error'] : ['error'])
      }
      const told = notes.asked.slice(before).map(({ message }) => message)
      assert.deepEqual(
        told
          .filter(({ method }) => method === 'logging/setLevel')
          .map(({ params }) => params.level),
        ['info', 'error'],
      )
    }
  })

  it('a call that is held at one ends with its task, closed at the other', async () => {
    const before = notes.calls().length
    const task = await place.open()
    const session = await place.session(task)
    const holding = erase(session, 'closed', 'p', there)
    await pageOf(w, task)
    assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
    const last = messagesOf(await holding).at(-1)
    assert.match(wordsOf(last.result), /^Not executed: the task (?:is|was) closed/)
    assert.equal((await session.request('tools/list', {}, there)).status, 401)
    assert.equal(notes.calls().length, before)
  })

  it('a server that forgot its session is begun anew at each, and no call is made twice', async () => {
    const session = await place.session(await place.open())
    const forgotten = notes.asked.findLast(({ headers }) => headers['mcp-session-id'])?.headers[
      'mcp-session-id'
    ]
    const acted: unknown[] = []
    notes.play(
      on('tools/call', ({ headers, message }, reply) => {
        if (headers['mcp-session-id'] !== forgotten) acted.push(message.id)
        else reply.writeHead(404).end()
        return headers['mcp-session-id'] === forgotten
      }),
    )
    for (const where of [{}, there, {}, there])
      assert.equal(wordsOf(rpcOf(await session.call('say', { text: 'x' }, where)).result), 'done')
    assert.equal(new Set(acted).size, 4)
    assert.equal(acted.length, 4)
  })
})

/** Serves the same world from a process of its own. */
async function serveApart(w: World) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'serve.ts')], {
    env: { ...process.env, ...w.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the server ended before it was ready'))),
  ])
  return {
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Makes sure that nobody else is at work: what was left of the leases of others is over. */
async function aloneNow(w: World): Promise<void> {
  const { live, storage } = w.rooms
  await storage.transaction((tx) =>
    tx
      .updateTable('live_replicas')
      .set({ lease_until: 0 })
      .where('id', '!=', live.replicaId)
      .execute(),
  )
  await w.letOthersShow()
  await recover(w.rooms.decisions)
}

inEachWorld(
  'a server that is killed while an MCP call is on its way',
  (world) => {
    const at = standing(world)

    it('between the call and its answer: what became of it is not known, and it is not made again', async () => {
      const w = world()
      const task = await at.place.open()
      const session = await at.place.session(task)
      const asked = rpcOf(await erase(session, 'crash')).result._meta['remit/approval']
      await say(w, asked.page, /^Approve once/)
      await w.stopServer()
      const apart = await serveApart(w)
      at.notes.play(on('tools/call', () => true))
      const before = at.notes.calls().length
      const lost = erase(session, 'crash').catch((error: unknown) => error)
      await until(async () => at.notes.calls().length > before || undefined)
      await apart.kill()
      assert.ok((await lost) instanceof Error)
      const id = String(at.notes.calls().at(-1)?.headers['remit-decision'])
      at.notes.play(() => false)

      await w.startServer()
      await aloneNow(w)
      assert.equal((await findDecision(w.rooms.storage.read, id))?.state, 'indeterminate')
      const all = await Promise.all(Array.from({ length: 8 }, () => erase(session, 'crash')))
      for (const each of all) {
        const { result } = rpcOf(each)
        assert.equal(result.isError, true)
        assert.equal(result._meta['remit/decision'], id)
        assert.match(wordsOf(result), /not sent again .*whether it was executed is not known/)
      }
      assert.equal(at.notes.calls().length, before + 1)
    })

    it('while it is held: the same call attaches to the same request, and is executed once', async () => {
      const w = world()
      const task = await at.place.open()
      const session = await at.place.session(task)
      await w.stopServer()
      const apart = await serveApart(w)
      const lost = erase(session, 'held').catch((error: unknown) => error)
      const fiona = await w.browser('fiona')
      const [id] = await until(async () => {
        const { html } = await fiona.get(`${w.issuer}/approvals`)
        return /req_[A-Za-z0-9_-]+/.exec(html) ?? undefined
      })
      await apart.kill()
      assert.ok((await lost) instanceof Error)
      await w.startServer()
      await aloneNow(w)
      const before = at.notes.calls().length
      const pending = rpcOf(await erase(session, 'held')).result._meta['remit/approval']
      assert.equal(pending.id, id)
      await say(w, pending.page, /^Approve once/)
      assert.equal(wordsOf(rpcOf(await erase(session, 'held')).result), 'done')
      assert.equal(at.notes.calls().length, before + 1)
    })
  },
  { mcp: { hold: { withProgress: 20, without: 10 }, progressEvery: 10, lookEvery: 5 } },
)
