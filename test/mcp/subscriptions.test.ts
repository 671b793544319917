import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, afterEach, before, it } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import type { Detail } from 'remit-sdk'
import { createMcpTransport } from 'remit-sdk/mcp'
import { answer, type Script, stream } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import type { OpenTask } from '../agent.ts'
import { ECHO_SECRET } from '../echo.ts'
import { sdkTask, soon } from '../sdk/shops.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { type NewServer, serveNew } from './new-server.ts'
import { Place, rpcOf, type Session } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { connectNew, metaFor, REVISION, Stateless } from './stateless.ts'

/** The messages in a piece of an answer, JSON or events; comments are none. */
function messagesIn(piece: string): unknown[] {
  if (piece.startsWith('{')) return [JSON.parse(piece)]
  return Array.from(piece.matchAll(/^data: (.*)$/gm), ([, data = '']) => JSON.parse(data))
}

const UPDATED = 'notifications/resources/updated'
const STREAM = { accept: 'text/event-stream' }

/** Answers that a method is not offered. */
function refuse(reply: ServerResponse, id: unknown): true {
  reply.setHeader('content-type', 'application/json')
  const error = { code: -32601, message: 'Method not found' }
  reply.end(JSON.stringify({ jsonrpc: '2.0', id, error }))
  return true
}

const ID = 'io.modelcontextprotocol/subscriptionId'

inOneWorld(
  'subscriptions of MCP 2026-07-28',
  (world) => {
    let notes: Awaited<ReturnType<typeof serveNotes>>
    let place: Place
    /** Server of 2026-07-28. */
    let server: NewServer
    let newer: Place

    before(async () => {
      notes = await serveNotes()
      place = await Place.add(world(), { name: 'notes', url: notes.url })
      server = await serveNew()
      newer = await Place.add(world(), { name: 'new', url: server.url })
    })
    afterEach(() => notes.play(() => false))
    after(async () => {
      await notes.close()
      await server.close()
    })

    /** Opens a stream by hand; its messages are read one by one. */
    async function listening(task: OpenTask, notifications: object, at = place) {
      const bare = await at.bare(task)
      const params = { notifications, _meta: metaFor() }
      const message = { jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params }
      const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': 'subscriptions/listen' }
      return reading(await bare.begin(message, { headers }))
    }

    /** Messages of a stream, one by one. */
    function reading(stream: IncomingMessage) {
      const events = stream[Symbol.asyncIterator]()
      const waiting: unknown[] = []
      // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
      const next = async (): Promise<any> => {
        if (waiting.length > 0) return waiting.shift()
        const { done, value } = await events.next()
        if (done) return undefined
        waiting.push(...messagesIn(String(value)))
        return next()
      }
      return { leave: () => stream.destroy(), next, status: stream.statusCode }
    }

    /** A stream by hand of a session, with what its server says without being asked. */
    async function heard(session: Session) {
      const stream = await session.begin(undefined, { method: 'GET', headers: STREAM })
      assert.equal(stream.statusCode, 200)
      return reading(stream)
    }

    /** Streams that the scripted server has open, with what to say on them. */
    function standing(otherwise: Script = () => false) {
      const open = new Set<ServerResponse>()
      notes.play((asked, reply) => {
        if (asked.verb !== 'GET') return otherwise(asked, reply)
        reply.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        open.add(reply)
        reply.on('close', () => open.delete(reply))
        return true
      })
      const say = (message: object) => {
        for (const reply of open) stream(reply, { jsonrpc: '2.0', ...message })
      }
      return {
        open,
        say,
        updated: (uri: string) => say({ method: UPDATED, params: { uri } }),
        begun: () => until(async () => (open.size > 0 ? true : undefined)),
      }
    }

    const sent = (method: string) =>
      notes.asked.filter(({ message }) => message?.method === method).map(({ message }) => message)

    it('say what is honoured first, and nothing that was not asked for', async () => {
      notes.play(on('resources/subscribe', ({ message }, reply) => refuse(reply, message.id)))
      const { leave, next } = await listening(await place.open(), {
        toolsListChanged: true,
        promptsListChanged: false,
        resourceSubscriptions: ['note://1'],
        taskIds: ['req_x'],
        odd: true,
      })
      assert.deepEqual(await next(), {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true }, _meta: { [ID]: 'l' } },
      })
      leave()
    })

    it('end with the task, in so many words', async () => {
      const task = await place.open()
      const { next } = await listening(task, { toolsListChanged: true })
      await next()
      await world().agent.about(task, 'DELETE', '')
      const told = await next()
      assert.deepEqual(
        [told.method, told.params._meta[ID]],
        ['notifications/tools/list_changed', 'l'],
      )
      const { id, result } = await next()
      assert.deepEqual([id, result.resultType, result._meta[ID]], ['l', 'complete', 'l'])
      assert.equal(await next(), undefined)
    })

    it('are for those who may ask, so many at once, and leaving makes room', async () => {
      const task = await place.open()
      const client = await Stateless.at(place, task)
      const bad = rpcOf(await client.request('subscriptions/listen', {}))
      assert.equal(bad.error.code, -32602)
      const stranger = await client.request('subscriptions/listen', {}, { token: 'a.b.c' })
      assert.equal(stranger.status, 401)
      const open = async () => {
        const one = await listening(task, { toolsListChanged: true })
        const first = await one.next()
        if (first.method) return one
        assert.equal(first.error.message, 'too many subscriptions')
        return undefined
      }
      const held = [await open(), await open(), await open(), await open()]
      assert.ok(held.every(Boolean))
      assert.equal(await open(), undefined)
      held[0]?.leave()
      const again = await until(open)
      for (const each of [...held, again]) each?.leave()
    })

    it('of a resource are a call that is decided like reading it; a session hears on its stream', async () => {
      const session = await place.session(await place.open())
      const { begun, updated } = standing()
      const { leave, next } = await heard(session)
      await begun()
      const { result } = rpcOf(await session.request('resources/subscribe', { uri: 'note://1' }))
      const api = await world().api('ada')
      const { body } = await api.send('GET', `/decisions/${result._meta['remit/decision']}`)
      assert.deepEqual([body.outcome, body.action], ['permit', 'notes.read-resource'])
      assert.deepEqual(sent('resources/subscribe').at(-1).params, { uri: 'note://1' })
      updated('note://2')
      updated('note://1/part')
      updated('note://1')
      assert.deepEqual((await next()).params, { uri: 'note://1' }, 'and nothing else before it')
      assert.ok(rpcOf(await session.request('resources/unsubscribe', { uri: 'note://1' })).result)
      assert.deepEqual(sent('resources/unsubscribe').at(-1).params, { uri: 'note://1' })
      updated('note://1')
      await session.request('resources/subscribe', { uri: 'note://3' })
      updated('note://3')
      assert.deepEqual((await next()).params, { uri: 'note://3' })
      leave()
    })

    for (const [from, to] of [
      ['2026-07-28', '2026-07-28'],
      ['2026-07-28', 'a session'],
      ['a session', '2026-07-28'],
    ] as const) {
      it(`of a resource: a client of ${from}, a server of ${to}`, async () => {
        const at = to === 'a session' ? place : newer
        const task = await at.open()
        const { begun, updated } = standing()
        const say = to === 'a session' ? updated : server.notify.resourceUpdated
        const one = { resourceSubscriptions: ['note://1', 'note://1'] }
        if (from === '2026-07-28') {
          const { leave, next } = await listening(task, one, at)
          const acknowledged = await next()
          assert.deepEqual(acknowledged.params, {
            notifications: { resourceSubscriptions: ['note://1'] },
            _meta: { [ID]: 'l' },
          })
          if (to === 'a session') await begun()
          say('note://2')
          say('note://1')
          assert.deepEqual((await next()).params, { uri: 'note://1', _meta: { [ID]: 'l' } })
          leave()
          if (to === 'a session')
            await until(
              async () =>
                sent('resources/unsubscribe').at(-1)?.params.uri === 'note://1' || undefined,
            )
        } else {
          const session = await at.session(task)
          const { leave, next } = await heard(session)
          const told = await session.request('resources/subscribe', { uri: 'note://1' })
          assert.ok(rpcOf(told).result, told.text)
          say('note://2')
          say('note://1')
          assert.deepEqual((await next()).params, { uri: 'note://1' })
          leave()
        }
      })
    }

    it('of a resource that the task was not given, or that a server tells nothing of, are refused', async () => {
      const before = sent('resources/subscribe').length
      const task = await place.open(place.details(['notes.say']))
      const session = await place.session(task)
      const bounds = [{ path: '/uri', op: 'eq', value: 'note://1' }]
      const bounded = await place.open(place.details(['notes.read-resource'], bounds))
      const only = await place.session(bounded)
      const unknown = rpcOf(await session.request('resources/subscribe', { uri: 'note://1' })).error
      assert.deepEqual([unknown.code, unknown.message], [-32602, 'unknown resource'])
      const denied = rpcOf(await only.request('resources/subscribe', { uri: 'note://2' })).error
      assert.equal(denied.code, -32001)
      for (const params of [{}, { uri: 1 }, { uri: 'note://1', more: 1 }])
        assert.equal(rpcOf(await only.request('resources/subscribe', params)).error.code, -32602)
      assert.equal(sent('resources/subscribe').length, before, 'the server heard of none')
      const { leave, next } = await listening(bounded, {
        resourceSubscriptions: ['note://2', 'note://1', 'note://../1'],
      })
      assert.deepEqual((await next()).params.notifications, { resourceSubscriptions: ['note://1'] })
      leave()
      notes.play(on('resources/subscribe', ({ message }, reply) => refuse(reply, message.id)))
      const told = rpcOf(await only.request('resources/subscribe', { uri: 'note://1' }))
      assert.equal(told.error.code, -32601)
    })

    it('of resources have limits, and a filter that is none is refused', async () => {
      const task = await place.open()
      const client = await Stateless.at(place, task)
      const many = Array.from({ length: 17 }, (_, i) => `note://${i}`)
      for (const resourceSubscriptions of [many, 'note://1', [1], ['x'.repeat(5_000)]]) {
        const params = { notifications: { resourceSubscriptions } }
        const { error } = rpcOf(await client.request('subscriptions/listen', params))
        assert.equal(error.code, -32602)
      }
      const session = await place.session(task)
      for (const uri of many.slice(0, 16))
        assert.ok(rpcOf(await session.request('resources/subscribe', { uri })).result)
      const last = rpcOf(await session.request('resources/subscribe', { uri: 'note://16' }))
      assert.equal(last.error.message, 'too many subscriptions')
      await session.request('resources/unsubscribe', { uri: 'note://0' })
      assert.ok(rpcOf(await session.request('resources/subscribe', { uri: 'note://16' })).result)
    })

    it('rest on what is permitted now: a stream ends with that, and the next one hears of what still is', async () => {
      const task = await place.open()
      const session = await place.session(task)
      const { begun, updated } = standing()
      const first = await heard(session)
      await begun()
      for (const uri of ['note://1', 'note://2'])
        assert.ok(rpcOf(await session.request('resources/subscribe', { uri })).result)
      const { policies, policy } = world().rooms
      const { text } = await policies.version((await policies.active()).version)
      const { id: by } = await world().person('ada')
      const never = `@id("no-two") forbid (principal, action == Action::"notes.read-resource", resource) when { context.args.uri == "note://2" };`
      await publishPolicies(policy, { text: `${text}\n${never}`, by, note: 'for tests' })
      try {
        updated('note://1')
        const kinds = ['tools', 'prompts', 'resources']
        for (const kind of kinds)
          assert.equal((await first.next()).method, `notifications/${kind}/list_changed`)
        assert.equal(await first.next(), undefined)
        const second = await heard(session)
        await until(
          async () => sent('resources/unsubscribe').at(-1)?.params.uri === 'note://2' || undefined,
        )
        await begun()
        updated('note://2')
        updated('note://1')
        assert.deepEqual((await second.next()).params, { uri: 'note://1' })
        second.leave()
      } finally {
        await publishPolicies(policy, { text, by, note: 'for tests' })
      }
    })

    it('and streams of sessions are for their own task, one at a time, and end with it', async () => {
      const task = await place.open()
      const session = await place.session(task)
      const stranger = await place.session(await place.open())
      const get = (odd: object) => session.send(undefined, { method: 'GET', ...odd })
      const refusals = [
        [
          404,
          await stranger.send(undefined, {
            method: 'GET',
            headers: { ...STREAM, 'mcp-session-id': session.id },
          }),
        ],
        [401, await get({ headers: STREAM, token: 'a.b.c' })],
        [406, await get({ headers: { accept: 'application/json' } })],
        [400, await get({ headers: { ...STREAM, 'mcp-protocol-version': '2025-06-18' } })],
      ] as const
      for (const [status, refused] of refusals) assert.equal(refused.status, status, refused.text)
      const first = await heard(session)
      const second = await heard(session)
      assert.equal(await first.next(), undefined, 'it is replaced')
      const others = [1, 2, 3].map(async () => heard(await place.session(task)))
      await Promise.all(others)
      const fifth = await place.session(task)
      assert.equal((await fifth.send(undefined, { method: 'GET', headers: STREAM })).status, 429)
      await world().agent.about(task, 'DELETE', '')
      for (const kind of ['tools', 'prompts', 'resources'])
        assert.equal((await second.next()).method, `notifications/${kind}/list_changed`)
      assert.equal(await second.next(), undefined)
      assert.equal((await get({ headers: STREAM })).status, 401)
    })

    it('a server with sessions asks on the stream, in its own words, and hears the answer', async () => {
      const bare = await place.bare(await place.open())
      const capabilities = { elicitation: {}, sampling: {} }
      const clientInfo = { name: 'x', version: '1' }
      const hello = { protocolVersion: '2025-11-25', capabilities, clientInfo }
      bare.id = String((await bare.request('initialize', hello)).headers['mcp-session-id'])
      const answers: { id: unknown; result?: object; error?: { code: number } }[] = []
      const { begun, say } = standing(({ message }) => {
        if (message && !message.method) answers.push(message)
        return false
      })
      const { leave, next } = await heard(bare)
      await begun()
      const requestedSchema = { type: 'object', properties: {} }
      const ask = (id: string, method: string) =>
        say({ id, method, params: { message: 'Your name?', requestedSchema } })
      ask('s', 'sampling/createMessage')
      ask('e', 'elicitation/create')
      const { id, method, params } = await next()
      assert.equal(method, 'elicitation/create', 'a model is not asked for unless it is allowed')
      assert.equal(params.message, 'From the MCP server "notes", not from Remit: Your name?')
      assert.notEqual(id, 'e')
      const result = { action: 'accept', content: { name: 'Sam' } }
      assert.equal((await bare.send({ jsonrpc: '2.0', id, result })).status, 202)
      await until(async () => (answers.length === 2 ? true : undefined))
      assert.deepEqual(
        answers.map((each) => [each.id, each.error?.code ?? each.result]),
        [
          ['s', -32601],
          ['e', result],
        ],
      )
      leave()
    })

    for (const version of ['2025-11-25', '2025-06-18'])
      it(`the transport of the SDK hears a server of sessions, too, as long as the client is there (${version})`, async () => {
        await using task = await sdkTask(world(), { details: place.details() as Detail[] }) // as: made for this
        const gets: number[] = []
        const counted = {
          fetch: async (...given: Parameters<typeof task.fetch>) => {
            const [url, init] = given
            const body = String(init?.body ?? '')
            if (!body.includes('"initialize"')) {
              const reply = await task.fetch(url, init)
              if (init?.method === 'GET') gets.push(reply.status)
              return reply
            }
            const message = JSON.parse(body)
            message.params.protocolVersion = version
            return task.fetch(url, { ...init, body: JSON.stringify(message) })
          },
        }
        const client = new Client(
          { name: 'test', version: '1' },
          { capabilities: { elicitation: {} } },
        )
        const questions: unknown[] = []
        client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
          questions.push(params.message)
          return { action: 'accept' as const, content: { name: 'Sam' } }
        })
        const answers: object[] = []
        const { begun, open, say } = standing(({ message }) => {
          if (message && !message.method) answers.push(message.result)
          return false
        })
        const transport = createMcpTransport(counted, place.identifier, { sleep: soon })
        await client.connect(transport as Parameters<Client['connect']>[0]) // as: its types say less
        const properties = { name: { type: 'string' } }
        const params = { message: 'Who?', requestedSchema: { type: 'object', properties } }
        const ask = (id: string) => say({ id, method: 'elicitation/create', params })
        await begun()
        ask('a')
        await until(async () => answers[0])
        const { policies, policy } = world().rooms
        const { text } = await policies.version((await policies.active()).version)
        const { id: by } = await world().person('ada')
        // What is permitted changed, so the stream ends; it has to be opened again.
        await publishPolicies(policy, { text: `${text}\n// once more`, by, note: 'for tests' })
        await until(async () => (gets.length > 1 && open.size > 0 ? true : undefined))
        ask('b')
        await until(async () => answers[1])
        const content = { name: 'Sam' }
        assert.deepEqual(answers, [
          { action: 'accept', content },
          { action: 'accept', content },
        ])
        assert.match(String(questions[0]), /not from Remit: Who\?$/)
        await client.close()
        await until(async () => (open.size === 0 ? true : undefined))
        assert.deepEqual(new Set(gets), new Set([200]))
      })

    it('nothing is asked on the stream while policies leave something out of a call', async () => {
      const { policies, policy } = world().rooms
      const { text } = await policies.version((await policies.active()).version)
      const { id: by } = await world().person('ada')
      const publish = (rules: string) =>
        publishPolicies(policy, { text: rules, by, note: 'for tests' })
      const rule = `@id("careful") @redact("/name") permit (principal, action == Action::"notes.say", resource);`
      await publish(`${text}\n${rule}`)
      try {
        const bare = await place.bare(await place.open())
        const clientInfo = { name: 'x', version: '1' }
        const hello = {
          protocolVersion: '2025-11-25',
          capabilities: { elicitation: {} },
          clientInfo,
        }
        bare.id = String((await bare.request('initialize', hello)).headers['mcp-session-id'])
        const refusals: { error?: { code: number } }[] = []
        const params = {
          message: 'Is it Sam?',
          requestedSchema: { type: 'object', properties: {} },
        }
        const { begun, say } = standing(async ({ message }, reply) => {
          if (message && !message.method) refusals.push(message)
          if (message?.method !== 'tools/call') return false
          say({ id: 'e', method: 'elicitation/create', params })
          await until(async () => refusals[0])
          return answer(reply, message.id, { content: [], structuredContent: { name: 'Sam' } })
        })
        const { leave, next } = await heard(bare)
        await begun()
        assert.ok(rpcOf(await bare.call('say', { text: 'x' })).result)
        assert.equal(refusals[0]?.error?.code, -32601)
        say({
          id: 'later',
          method: 'elicitation/create',
          params: { ...params, message: 'And now?' },
        })
        assert.match((await next()).params.message, /And now\?$/)
        leave()
      } finally {
        await publish(text)
      }
    })

    it('log messages come from the level on that the session named, at the time they come', async () => {
      const [session, other] = [
        await place.session(await place.open()),
        await place.session(await place.open()),
      ]
      const set = (level: string) => session.request('logging/setLevel', { level })
      const { begun, open, say } = standing()
      const [one, two] = [await heard(session), await heard(other)]
      await begun()
      await until(async () => open.size === 2 || undefined)
      const log = (level: string, data: string) =>
        say({ method: 'notifications/message', params: { level, data: `${data} ${ECHO_SECRET}` } })
      log('emergency', 'none was named yet')
      for (const each of [session, other])
        await each.request('resources/subscribe', { uri: 'note://1' })
      const updated = () => say({ method: UPDATED, params: { uri: 'note://1' } })
      updated()
      for (const each of [one, two]) assert.equal((await each.next()).method, UPDATED)
      await set('warning')
      log('info', 'too little')
      log('error', 'one')
      const { method, params } = await one.next()
      assert.deepEqual([method, params.level], ['notifications/message', 'error'])
      assert.match(params.data, /^one \*+$/)
      await set('debug')
      log('info', 'two')
      assert.match((await one.next()).params.data, /^two/)
      updated()
      assert.equal((await two.next()).method, UPDATED, 'another session hears none')
      for (const each of [one, two]) each.leave()
    })

    it('no log messages are told on it any more once policies left something out of a call', async () => {
      const { policies, policy } = world().rooms
      const { text } = await policies.version((await policies.active()).version)
      const { id: by } = await world().person('ada')
      const publish = (rules: string) =>
        publishPolicies(policy, { text: rules, by, note: 'for tests' })
      const rule = `@id("careful") @redact("/name") permit (principal, action == Action::"notes.say", resource);`
      await publish(`${text}\n${rule}`)
      try {
        const session = await place.session(await place.open())
        await session.request('logging/setLevel', { level: 'debug' })
        const message = { method: 'notifications/message', params: { level: 'error', data: 'Sam' } }
        const { begun, say, updated } = standing(async (asked, reply) => {
          if (asked.message?.method !== 'tools/call') return false
          say(message)
          return answer(reply, asked.message.id, {
            content: [],
            structuredContent: { name: 'Sam' },
          })
        })
        const { leave, next } = await heard(session)
        await begun()
        await session.request('resources/subscribe', { uri: 'note://1' })
        say(message)
        assert.equal((await next()).params.data, 'Sam', 'before the call')
        await session.call('say', { text: 'x' })
        await session.request('logging/setLevel', { level: 'info' })
        say(message)
        updated('note://1')
        assert.equal((await next()).method, UPDATED)
        say(message)
        updated('note://1')
        assert.equal((await next()).method, UPDATED)
        leave()
        // A level that is named while such a call is under way.
        const late = await place.session(await place.open())
        const came: string[] = []
        const again = standing(async (asked, reply) => {
          if (asked.message?.method !== 'tools/call') return false
          await late.request('logging/setLevel', { level: 'debug' })
          for (const data of ['during', 'still']) {
            again.say({ ...message, params: { level: 'error', data } })
            again.updated('note://1')
            came.push((await told.next()).method)
          }
          return answer(reply, asked.message.id, { content: [], structuredContent: {} })
        })
        const told = await heard(late)
        await again.begun()
        await late.request('resources/subscribe', { uri: 'note://1' })
        await late.call('say', { text: 'x' })
        assert.deepEqual(came, [UPDATED, UPDATED])
        again.say({ ...message, params: { level: 'error', data: 'after' } })
        assert.equal((await told.next()).params.data, 'after')
        told.leave()
      } finally {
        await publish(text)
      }
    })

    it('tell the official client that a tool is not there any more, and its list says so', async () => {
      const client = await connectNew(world(), place, await place.open(), 'auto')
      const names = async () => (await client.listTools()).tools.map(({ name }) => name)
      assert.ok((await names()).includes('say'))
      const heard: string[] = []
      client.setNotificationHandler('notifications/tools/list_changed', () => {
        heard.push('tools')
      })
      client.setNotificationHandler('notifications/prompts/list_changed', () => {
        heard.push('prompts')
      })
      await client.listen({ toolsListChanged: true })
      notes.play(
        on('tools/list', ({ message }, reply) =>
          answer(reply, message.id, {
            tools: [{ name: 'say', description: 'Another.', inputSchema: { type: 'object' } }],
          }),
        ),
      )
      await until(async () => heard.length > 0 || undefined)
      assert.deepEqual(heard, ['tools'])
      assert.ok(!(await names()).includes('say'), 'it is quarantined')
    })
  },
  { mcp: { progressEvery: 20, definitionsEvery: 50 } },
)
