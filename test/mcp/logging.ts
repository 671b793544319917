import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setGroup } from '../../src/catalog/resource-groups/index.ts'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { ECHO_SECRET } from '../echo.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'
import { type NewServer, serveNew } from './new-server.ts'
import { messagesOf, Place, rpcOf, type Session, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { Stateless } from './stateless.ts'

const LEVEL = 'io.modelcontextprotocol/logLevel'
const NOTED = 'notifications/message'
const SAID = ['debug', 'info', 'error', 'loud', 7, undefined]

/** Levels of the log messages in an answer. */
function levels(told: Answer): unknown[] {
  return messagesOf(told)
    .filter(({ method }) => method === NOTED)
    .map(({ params }) => params.level)
}

async function set(session: Session, level: unknown, odd: object = {}) {
  return rpcOf(await session.request('logging/setLevel', { level }, odd))
}

/** Declares the tests of log messages in sessions, of clients and of servers. */
export function sessionLogging(world: () => World): void {
  describe('log messages in sessions', () => {
    let notes: Awaited<ReturnType<typeof serveNotes>>
    let fresh: NewServer
    /** Server with sessions, and one of 2026-07-28. */
    let place: Place
    let newer: Place

    before(async () => {
      notes = await serveNotes()
      fresh = await serveNew()
      place = await Place.add(world(), { name: 'loud', url: notes.url })
      newer = await Place.add(world(), { name: 'loudly', url: fresh.url })
    })
    afterEach(() => notes.play(() => false))
    after(async () => {
      await notes.close()
      await fresh.close()
    })

    /** Has the server log at each of its levels in every call. */
    function logs() {
      notes.play(async ({ message }, reply) => {
        if (message?.method === 'logging/setLevel') return answer(reply, message.id, {})
        if (message?.method !== 'tools/call') return false
        for (const level of SAID)
          stream(reply, {
            ...{ jsonrpc: '2.0', method: NOTED },
            params: { level, logger: 'desk', data: { said: ECHO_SECRET }, more: 1 },
          })
        stream(reply, { jsonrpc: '2.0', id: message.id, result: { content: [] } })
        reply.end()
        return true
      })
    }

    /** Levels that the server was told since then, with the session. */
    const told = (since: number) =>
      notes.asked
        .slice(since)
        .filter(({ message }) => message?.method === 'logging/setLevel')
        .map(({ headers, message }) => [headers['mcp-session-id'], message.params.level])

    for (const revision of ['2025-06-18', '2025-11-25'])
      it(`come from the level on that the session named, and none before it did (${revision})`, async () => {
        logs()
        const before = notes.asked.length
        const task = await place.open()
        const [one, other] = [
          await place.session(task, revision),
          await place.session(task, revision),
        ]
        const hello = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'x' } }
        const { capabilities } = rpcOf(await one.request('initialize', hello)).result
        assert.deepEqual(capabilities.logging, {})
        assert.deepEqual(levels(await one.call('say', { text: 'x' })), [])
        for (let i = 0; i < 2; i++) assert.deepEqual((await set(one, 'info')).result, {})
        const heard = await one.call('say', { text: 'x' })
        assert.deepEqual(levels(heard), ['info', 'error'])
        assert.deepEqual(messagesOf(heard)[0].params, {
          ...{ level: 'info', logger: 'desk' },
          data: { said: '*'.repeat(messagesOf(heard)[0].params.data.said.length) },
        })
        assert.deepEqual(levels(await other.call('say', { text: 'x' })), [], 'another session')
        await set(one, 'error')
        for (let i = 0; i < 2; i++)
          assert.deepEqual(levels(await one.call('say', { text: 'x' })), ['error'])
        const [first, ...more] = told(before)
        assert.deepEqual(
          [first?.[1], more],
          ['info', [[first?.[0], 'error']]],
          'once each, with the next call, in the session of this client only',
        )
      })

    it('are not set to a level that is none, nor by anybody but the task of the session', async () => {
      logs()
      const task = await place.open()
      const session = await place.session(task)
      await set(session, 'error')
      for (const level of ['loud', '', 'DEBUG', 7, null, ['debug'], 'x'.repeat(10_000)])
        assert.equal((await set(session, level)).error.code, -32602, String(level).slice(0, 9))
      assert.equal(rpcOf(await session.request('logging/setLevel')).error.code, -32602)
      const stranger = await place.session(await place.open())
      const headers = { 'mcp-session-id': session.id }
      const params = { level: 'debug' }
      const refused = await stranger.request('logging/setLevel', params, { headers })
      assert.equal(refused.status, 404)
      const nobody = await session.request('logging/setLevel', params, { token: 'a.b.c' })
      assert.equal(nobody.status, 401)
      assert.deepEqual(levels(await session.call('say', { text: 'x' })), ['error'])
      await world().agent.about(task, 'DELETE', '')
      assert.equal((await session.request('logging/setLevel', params)).status, 401)
    })

    it('a server that refuses to set a level, or has forgotten its session, is called all the same', async () => {
      const session = await place.session(await place.open())
      await set(session, 'debug')
      const heard = async () => levels(await session.call('say', { text: 'x' }))
      logs()
      const before = notes.asked.length
      assert.deepEqual(await heard(), ['debug', 'info', 'error'])
      const began = notes.calls().at(-1)?.headers['mcp-session-id']
      notes.play(({ headers, message }, reply) => {
        if (headers['mcp-session-id'] === began || message?.method === 'logging/setLevel')
          reply.writeHead(404).end()
        return reply.headersSent
      })
      assert.equal(wordsOf(rpcOf(await session.call('say', { text: 'x' })).result), 'done')
      const sessions = told(before).map(([id]) => id)
      assert.equal(sessions[0], began)
      assert.notEqual(sessions.at(-1), began, 'the new session is told, too')
    })

    it('a client in a session hears a server of 2026-07-28, whose calls name the level', async () => {
      const session = await newer.session(await newer.open())
      const log = () => session.call('log', { text: ECHO_SECRET })
      assert.deepEqual(levels(await log()), [])
      await set(session, 'warning')
      const heard = await log()
      assert.deepEqual(levels(heard), ['error'])
      assert.ok(!heard.text.includes(ECHO_SECRET))
      assert.equal(fresh.calls().at(-1)?.message.params._meta[LEVEL], 'warning')
      await set(session, 'critical')
      assert.deepEqual(levels(await log()), [])
    })

    it('calls of 2026-07-28 share the session of their task, and each hears from its own level on', async () => {
      logs()
      const before = notes.asked.length
      const client = await Stateless.at(place, await place.open())
      const log = async (level?: string) =>
        levels(await client.call('say', { text: 'x' }, { _meta: level ? { [LEVEL]: level } : {} }))
      assert.deepEqual(await log(), [])
      const all = await Promise.all(['error', 'info', 'debug', 'emergency', 'info'].map(log))
      const [error, info] = [['error'], ['info', 'error']]
      assert.deepEqual(all, [error, info, ['debug', ...info], [], info])
      assert.deepEqual(await log(), [], 'one that asks for none gets none')
      const named = told(before)
      assert.equal(named.at(-1)?.[1], 'debug', 'the server is told the least of them')
      await log('error')
      assert.deepEqual(told(before), named, 'and no call takes it back')
    })

    it('a level is for all members of a group, each in its own session', async () => {
      logs()
      const { gateway, rooms } = world()
      const members = ['loud', 'loudly']
      const by = (await world().person('ada')).id
      await setGroup(rooms.connections, {
        ...{ name: 'choir', identifier: `${gateway}/choir`, members, by },
      })
      const details = [...place.details(), ...newer.details()]
      const session = await Place.at(world(), 'choir').session(await world().open({ details }))
      await set(session, 'error')
      for (const name of ['loud__say', 'loudly__log'])
        assert.deepEqual(levels(await session.call(name, { text: 'x' })), ['error'], name)
    })

    it('are not passed on in a call of which policies leave something out, nor asked for', async () => {
      logs()
      const { policies, policy } = world().rooms
      const { text } = await policies.version((await policies.active()).version)
      const { id: by } = await world().person('ada')
      const publish = (rules: string) =>
        publishPolicies(policy, { text: rules, by, note: 'for tests' })
      const rules = ['loud.say', 'loudly.log'].map(
        (action, i) =>
          `@id("careful${i}") @redact("/name") permit (principal, action == Action::"${action}", resource);`,
      )
      await publish([text, ...rules].join('\n'))
      try {
        const before = notes.asked.length
        const older = await place.session(await place.open())
        await set(older, 'debug')
        assert.deepEqual(levels(await older.call('say', { text: 'x' })), [])
        assert.deepEqual(told(before), [])
        const other = await newer.session(await newer.open())
        await set(other, 'debug')
        assert.deepEqual(levels(await other.call('log', { text: 'x' })), [])
        assert.equal(fresh.calls().at(-1)?.message.params._meta[LEVEL], undefined)
      } finally {
        await publish(text)
      }
    })

    it('more messages than a server may send end the call', async () => {
      notes.play(
        on('tools/call', ({ message }, reply) => {
          const params = { level: 'error', data: 'x' }
          const one = { jsonrpc: '2.0', method: NOTED, params }
          stream(reply, ...Array.from({ length: 10_001 }, () => one))
          stream(reply, { jsonrpc: '2.0', id: message.id, result: { content: [] } })
          reply.end()
          return true
        }),
      )
      const session = await place.session(await place.open())
      await set(session, 'debug')
      const flooded = await session.call('say', { text: 'x' })
      assert.equal(rpcOf(flooded).result.isError, true)
      assert.ok(messagesOf(flooded).length <= 10_001)
    })
  })
}
