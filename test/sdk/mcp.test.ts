import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { before, describe, it } from 'node:test'
import {
  DpopSession,
  Client as NextClient,
  StreamableHTTPClientTransport as NextTransport,
} from '@modelcontextprotocol/client'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Denied, type Detail, type Task } from 'remit-sdk'
import {
  createMcpFetch,
  createMcpTransport,
  createOAuthProvider,
  type McpFetch,
  type McpOAuthProvider,
  type ProviderStore,
  type StoredKey,
} from 'remit-sdk/mcp'
import { listForTask } from '../../src/approvals/access-requests/index.ts'
import { setCeiling } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { closeTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { wordsOf } from '../mcp/place.ts'
import { deskActions, openDesk } from '../mcp/stranger.ts'
import { until } from '../until.ts'
import { inOneWorld, type World } from '../world.ts'
import { failure } from './failure.ts'
import { alsoAllow, approve, sdkTask } from './shops.ts'

const REVISIONS = ['2025-11-25', '2025-06-18'] as const
type Connectable = Parameters<Client['connect']>[0]
const who = { name: 'test', version: '1' }

/** The official clients offer the newest revision; this makes them offer another one. */
function offering(revision: string, fetch: McpFetch): McpFetch {
  return (url, init) => {
    const { body } = init ?? {}
    if (typeof body !== 'string' || !body.includes('"initialize"')) return fetch(url, init)
    const message = JSON.parse(body)
    message.params.protocolVersion = revision
    return fetch(url, { ...init, body: JSON.stringify(message) })
  }
}

/** Members that both official clients have, as far as tests use them. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>
  // biome-ignore lint/suspicious/noExplicitAny: their results differ, and tests look into whatever came
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<any>
  close(): Promise<void>
}
interface ConnectedClient {
  readonly client: AnyClient
  readonly revision: () => string | undefined
  readonly leave: () => Promise<void>
}

const CLIENTS = {
  async 'the official client'(url: URL, fetch: McpFetch): Promise<ConnectedClient> {
    const client = new Client(who)
    const transport = new StreamableHTTPClientTransport(url, { fetch })
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await client.connect(transport as Connectable)
    const leave = () => transport.terminateSession()
    return { client: client as AnyClient, revision: () => transport.protocolVersion, leave } // as above
  },
  async 'the next official client'(url: URL, fetch: McpFetch): Promise<ConnectedClient> {
    const client = new NextClient(who)
    const transport = new NextTransport(url, { fetch })
    await client.connect(transport)
    const leave = () => transport.terminateSession()
    return { client, revision: () => transport.protocolVersion, leave }
  },
} as const

inOneWorld(
  'MCP as a task of the SDK',
  (world) => {
    const desk = () => new URL(`${world().gateway}/desk`)
    const detail = (...actions: string[]): Detail => ({ locations: [desk().href], actions })
    before(() => alsoAllow(world(), deskActions(world()) as readonly Detail[])) // written as details

    for (const [name, connect] of Object.entries(CLIENTS))
      for (const revision of REVISIONS)
        it(`${name} calls what the task may call, and sees no more (${revision})`, async () => {
          const w = world()
          const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }] as const
          const details = [detail('desk.search-notes'), { ...detail('desk.add-note'), bounds }]
          const task: Task = await sdkTask(w, { details })
          const fetch = offering(revision, createMcpFetch(task))
          const { client, revision: spoken } = await connect(desk(), fetch)
          assert.equal(spoken(), revision)
          const { tools } = await client.listTools()
          assert.deepEqual(tools.map(({ name }) => name).toSorted(), ['add_note', 'search_notes'])
          const note = { order_id: '1042', text: 'called back' }
          const added = await client.callTool({ name: 'add_note', arguments: note })
          assert.notEqual(added.isError, true, wordsOf(added))
          assert.match(JSON.stringify(added._meta), /"remit\/decision":"dec_/)
          const beyond = { name: 'add_note', arguments: { ...note, order_id: '1043' } }
          const refused = await client.callTool(beyond)
          assert.equal(refused.isError, true)
          assert.match(wordsOf(refused), /^Not executed: /)
          const other = client.callTool({ name: 'delete_note', arguments: { id: 'n-1' } })
          assert.match(String(await failure(other)), /unknown tool/)
          const second = await connect(desk(), fetch)
          await second.leave()
          await second.client.close()
          await task.close()
          const late = await failure(
            client.callTool({ name: 'search_notes', arguments: { query: 'x' } }),
          )
          assert.ok(late instanceof Denied, String(late))
          assert.equal(late.code, 'task.closed')
          await client.close()
        })

    for (const [name, newClient] of Object.entries({
      'the official client': () => new Client(who),
      'the next official client': () => new NextClient(who),
    }))
      it(`${name} with the transport of the SDK: calls, refusals, people, the end`, async () => {
        const w = world()
        const actions = ['desk.search-notes', 'desk.send-message', 'desk.add-note']
        const task = await sdkTask(w, { details: [detail(...actions)] })
        const client: AnyClient & Pick<Client, 'connect'> = newClient() as Client // both are used alike
        const older = offering('2025-06-18', (url, init) => task.fetch(url, init))
        const early = newClient() as Client // as above
        await early.connect(
          createMcpTransport({ fetch: (url, init) => older(String(url), init) }, desk()),
        )
        assert.equal((await early.listTools()).tools.length, 3)
        await early.close()
        const transport = createMcpTransport(task, desk())
        await client.connect(transport)
        const { tools } = await client.listTools()
        assert.deepEqual(tools.map((each) => each.name).toSorted(), [
          'add_note',
          'search_notes',
          'send_message',
        ])
        const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
        assert.notEqual(found.isError, true, wordsOf(found))
        const unknown = client.callTool({ name: 'delete_note', arguments: { id: 'n-1' } })
        assert.match(String(await failure(unknown)), /unknown tool/)
        const message = { to: 'customer@shop.example', text: `Your refund, says ${name}.` }
        const held = client.callTool({ name: 'send_message', arguments: message })
        const id = await until(async () => {
          const requests = await listForTask(w.rooms.decisions, task.id)
          return requests.find(({ state }) => state === 'pending')?.id
        })
        await approve(w, `${w.issuer}/approvals/${id}`)
        const sent = await held
        assert.notEqual(sent.isError, true, wordsOf(sent))
        const session = transport.sessionId ?? ''
        await client.close()
        const late = await task
          .fetch(desk(), {
            method: 'POST',
            headers: {
              accept: 'application/json, text/event-stream',
              'content-type': 'application/json',
              'mcp-session-id': session,
            },
            body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
          })
          .then((answer) => answer.json())
        assert.match(JSON.stringify(late), /mcp\.session_unknown/, 'closing ended the session')
        const second = newClient() as Client // as above
        await second.connect(createMcpTransport(task, desk()))
        await task.close()
        const closed = await failure(
          second.callTool({ name: 'search_notes', arguments: { query: 'x' } }),
        )
        assert.ok(closed instanceof Denied, String(closed))
        assert.equal(closed.code, 'task.closed')
        await second.close()
      })

    for (const [mode, spoken] of [
      [undefined, '2025-11-25'],
      ['auto', '2026-07-28'],
      [{ pin: '2026-07-28' }, '2026-07-28'],
    ] as const) {
      const told = mode === undefined ? 'at its defaults' : JSON.stringify(mode)
      it(`the next official client, ${told}, with the transport of the SDK: calls, refusals, a page to open`, async () => {
        const w = world()
        await using task = await sdkTask(w, {
          details: [detail('desk.search-notes', 'desk.send-message')],
        })
        const client = new NextClient(who, {
          capabilities: { elicitation: { form: {}, url: {} } },
          ...(mode === undefined ? {} : { versionNegotiation: { mode } }),
        })
        const pages: string[] = []
        client.setRequestHandler('elicitation/create', async ({ params }) => {
          const page = 'url' in params ? params.url : ''
          pages.push(page)
          await approve(w, page)
          return { action: 'accept' as const }
        })
        const sent: Headers[] = []
        const heard: Pick<Task, 'fetch'> = {
          fetch: (url, init) => {
            sent.push(new Headers(init?.headers))
            return task.fetch(url, init)
          },
        }
        await client.connect(createMcpTransport(heard, desk()))
        assert.equal(client.getNegotiatedProtocolVersion(), spoken)
        assert.equal((await client.listTools()).tools.length, 2)
        const found = await client.callTool({
          name: 'search_notes',
          arguments: { query: 'late' },
        })
        assert.notEqual(found.isError, true, wordsOf(found))
        const modern = spoken === '2026-07-28'
        assert.equal(sent.at(-1)?.get('mcp-name'), modern ? 'search_notes' : null)
        const unknown = await failure(client.callTool({ name: 'delete_note', arguments: {} }))
        assert.match(String(unknown), /unknown tool/)
        assert.match(String(await failure(client.readResource({ uri: 'note://ä' }))), /unknown/)
        if (modern) assert.match(sent.at(-1)?.get('mcp-name') ?? '', /^=\?base64\?bm90ZTovL8Ok\?=$/)
        const message = { to: 'customer@shop.example', text: `Your refund, ${told}.` }
        const held = client.callTool({ name: 'send_message', arguments: message })
        if (!modern) {
          const id = await until(async () => {
            const requests = await listForTask(w.rooms.decisions, task.id)
            return requests.find(({ state }) => state === 'pending')?.id
          })
          await approve(w, `${w.issuer}/approvals/${id}`)
        }
        const done = await held
        assert.notEqual(done.isError, true, wordsOf(done))
        assert.equal(pages.length, modern ? 1 : 0)
        await client.close()
      })
    }

    it('leaving a call of 2026-07-28 ends its request, and nothing else', async () => {
      const w = world()
      await using task = await sdkTask(w, { details: [detail('desk.send-message')] })
      const client = new NextClient(who, { versionNegotiation: { mode: 'auto' } })
      const ended: string[] = []
      const heard: Pick<Task, 'fetch'> = {
        fetch: (url, init) => {
          init?.signal?.addEventListener('abort', () => ended.push(String(init.body)))
          return task.fetch(url, init)
        },
      }
      await client.connect(createMcpTransport(heard, desk()))
      const leaving = new AbortController()
      const message = { to: 'customer@shop.example', text: 'Never mind.' }
      const held = client.callTool(
        { name: 'send_message', arguments: message },
        { signal: leaving.signal },
      )
      await until(async () => {
        const requests = await listForTask(w.rooms.decisions, task.id)
        return requests.find(({ state }) => state === 'pending')?.id
      })
      leaving.abort()
      assert.ok(await failure(held))
      assert.equal(ended.length, 1)
      assert.match(ended[0] ?? '', /Never mind/)
      assert.deepEqual(await client.listTools().then(({ tools }) => tools.length), 1)
      await client.close()
    })

    it('a session outlives the token that it began with', async () => {
      const w = world()
      await using task = await sdkTask(w, { details: [detail('desk.search-notes')] })
      const connect = CLIENTS['the official client']
      const { client } = await connect(desk(), createMcpFetch(task))
      const { id: by } = await w.person('ada')
      const ceiling = [...w.everything, ...deskActions(w)]
      await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling, by })
      const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.notEqual(found.isError, true, wordsOf(found))
      await client.close()
    })

    it('a call that people have to approve is held by the gateway, and goes on', async () => {
      const w = world()
      await using task = await sdkTask(w, { details: [detail('desk.send-message')] })
      const client = new Client(who)
      const transport = new StreamableHTTPClientTransport(desk(), { fetch: createMcpFetch(task) })
      // The SDK's own types disagree under exactOptionalPropertyTypes.
      await client.connect(transport as Connectable)
      const told: string[] = []
      const message = { to: 'customer@shop.example', text: 'Your refund is on its way.' }
      const held = client.callTool({ name: 'send_message', arguments: message }, undefined, {
        onprogress: ({ message: words = '' }) => told.push(words),
      })
      const id = await until(async () => {
        const requests = await listForTask(w.rooms.decisions, task.id)
        return requests.find(({ state }) => state === 'pending')?.id
      })
      const page = `${w.issuer}/approvals/${id}`
      await approve(w, page)
      const sent = await held
      assert.notEqual(sent.isError, true, wordsOf(sent))
      assert.ok(
        told.some((words) => words.includes(page)),
        told.join(),
      )
      await client.close()
    })

    it('is for the resource that it is asked for', async () => {
      const w = world()
      await using task = await sdkTask(w, { details: [detail('desk.search-notes')] })
      const fetch = createMcpFetch(task, { resource: desk().href })
      const { client } = await CLIENTS['the next official client'](desk(), fetch)
      assert.equal((await client.listTools()).tools.length, 1)
      await client.close()
    })
  },
  { desk: true, nonces: 'auto' },
)

inOneWorld(
  'an MCP client that knows only the address, with the provider of the SDK',
  (world) => {
    const desk = () => new URL(`${world().gateway}/desk`)
    before(async () => {
      const w = world()
      await openDesk(w)
      const { id } = await w.person('ada')
      await addAdmissionRule(w.rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: deskActions(w),
        ownerId: id,
        by: id,
      })
    })

    /** A program on someone's machine: a port on which the browser comes back, and a store that outlives the program. */
    async function arrive(w: World, more: Partial<Parameters<typeof createOAuthProvider>[0]> = {}) {
      const arrived: URL[] = []
      const server = createServer((request, reply) => {
        arrived.push(new URL(request.url ?? '/', redirectUrl))
        reply.end('you can close this window')
      })
      await once(server.listen(0, '127.0.0.1'), 'listening')
      w.onStop(async () => void server.close())
      const { port } = server.address() as AddressInfo // listening on TCP
      const redirectUrl = `http://127.0.0.1:${port}/callback/${port}`
      const kept = new Map<StoredKey, string>()
      const store: ProviderStore = {
        get: async (key) => kept.get(key),
        set: async (key, value) => void kept.set(key, value),
        delete: async (key) => void kept.delete(key),
      }
      let sent: URL | undefined
      const described = {
        clientName: 'Notes in a box',
        redirectUrl,
        redirect: (url: URL) => {
          sent = url
        },
        store,
        ...more,
      }
      function begin(): McpOAuthProvider
      function begin<Key>(proves: { dpop: Key }): ReturnType<typeof createOAuthProvider<Key>>
      function begin(proves?: { dpop: unknown }) {
        return createOAuthProvider({ ...described, ...proves })
      }
      /** The person answers; the address that came back. */
      const answer = async (button = /^grant$/): Promise<URL> => {
        const sam = await w.browser('sam')
        await sam.submit(await sam.get(String(sent)), button)
        const back = arrived.at(-1)
        assert.ok(back, 'the browser came back')
        return back
      }
      return { begin, answer, kept, sent: () => sent, forget: () => (sent = undefined) }
    }

    const search = { name: 'search_notes', arguments: { query: 'late' } }

    it('with the next official client, which looks at who answered', async () => {
      const w = world()
      const stranger = await arrive(w)
      const provider = stranger.begin()
      const transportOf = () => new NextTransport(desk(), { authProvider: provider })
      assert.ok(await failure(new NextClient(who).connect(transportOf())))
      assert.match(stranger.kept.get('discovery') ?? '', new RegExp(`"${w.issuer}/?"`))
      const back = await stranger.answer()
      assert.equal(await provider.isState(back.searchParams.get('state')), true)
      const forged = new URLSearchParams(back.searchParams)
      forged.set('iss', 'https://attacker.example')
      assert.ok(await failure(transportOf().finishAuth(forged)), 'from another server')
      await transportOf().finishAuth(back.searchParams)
      assert.equal(stranger.kept.get('discovery'), undefined)
      const client = new NextClient(who)
      await client.connect(transportOf())
      const found = await client.callTool(search)
      assert.notEqual(found.isError, true, wordsOf(found))
      await client.close()
    })

    it('that proves possession of a key where its client can', async () => {
      const w = world()
      const stranger = await arrive(w)
      const authProvider = stranger.begin({ dpop: await DpopSession.create() })
      const transportOf = () => new NextTransport(desk(), { authProvider })
      assert.ok(await failure(new NextClient(who).connect(transportOf())))
      await transportOf().finishAuth((await stranger.answer()).searchParams)
      assert.equal((await authProvider.tokens())?.token_type.toLowerCase(), 'dpop')
      const client = new NextClient(who)
      await client.connect(transportOf())
      const found = await client.callTool(search)
      assert.notEqual(found.isError, true, wordsOf(found))
      await client.close()
    })

    it('keeps its task when its session ends, and is asked anew when somebody ended the task', async () => {
      const w = world()
      const stranger = await arrive(w)
      const authProvider = stranger.begin()
      const transportOf = () => new StreamableHTTPClientTransport(desk(), { authProvider })
      assert.ok(await failure(new Client(who).connect(transportOf() as Connectable))) // as above
      const back = await stranger.answer()
      await transportOf().finishAuth(back.searchParams.get('code') ?? '')
      const transport = transportOf()
      const client = new Client(who)
      await client.connect(transport as Connectable) // as above
      await transport.terminateSession()
      const agentId = (await authProvider.clientInformation())?.client_id ?? ''
      const taskOf = async () => (await listTasks(w.rooms.storage.read, { agentId, limit: 1 }))[0]
      const open = await taskOf()
      assert.equal(open?.state, 'open')
      await closeTask(w.rooms.decisions, { taskId: open.id, by: open.personId, reason: 'person' })
      assert.equal((await taskOf())?.state, 'closed')
      stranger.forget()
      assert.ok(await failure(new Client(who).connect(transportOf() as Connectable))) // as above
      assert.ok(stranger.sent(), 'the person is asked')
      await client.close()
    })

    describe('the state', () => {
      it('is good once, and only the one that was sent away with', async () => {
        const provider = (await arrive(world())).begin()
        assert.equal(await provider.isState(null), false)
        const state = await provider.state()
        assert.notEqual(await provider.state(), state)
        assert.equal(await provider.isState(state), false, 'an older one')
        const last = await provider.state()
        assert.equal(await provider.isState(last), true)
        assert.equal(await provider.isState(last), false, 'twice')
      })
    })

    it('gets in, comes back after a restart, and gets its next token by itself', async () => {
      const w = world()
      const stranger = await arrive(w)
      const transportOf = (authProvider: McpOAuthProvider) =>
        new StreamableHTTPClientTransport(desk(), { authProvider })
      const connect = async (authProvider: McpOAuthProvider) => {
        const client = new Client(who)
        // The SDK's own types disagree under exactOptionalPropertyTypes.
        await client.connect(transportOf(authProvider) as Connectable)
        return client
      }
      const first = stranger.begin()
      const sentAway = await failure(connect(first))
      assert.ok(sentAway instanceof UnauthorizedError, String(sentAway))
      assert.equal(stranger.sent()?.origin, w.issuer)
      const back = await stranger.answer()
      // Another process takes the browser's answer.
      const second = stranger.begin()
      assert.equal(await second.isState(back.searchParams.get('state')), true)
      await transportOf(second).finishAuth(back.searchParams.get('code') ?? '')
      const client = await connect(second)
      const found = await client.callTool(search)
      assert.notEqual(found.isError, true, wordsOf(found))
      await client.close()

      stranger.forget()
      const again = await connect(stranger.begin())
      assert.ok((await again.listTools()).tools.length > 0)
      const token = stranger.kept.get('tokens')
      w.clock.advance(5 * 60_000 + 1_000)
      await again.callTool(search)
      assert.notEqual(stranger.kept.get('tokens'), token)
      assert.equal(stranger.sent(), undefined, 'nobody was asked again')
      await again.close()
    })
  },
  { desk: true, nonces: 'auto' },
)
