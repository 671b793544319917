import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { answer, type Script } from '../../src/platform/net/mcp/testing.ts'
import { ECHO_SECRET } from '../echo.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { sessionLogging } from './logging.ts'
import { type NewServer, serveNew } from './new-server.ts'
import { messagesOf, Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { serverTasks } from './server-tasks.ts'
import { connectNew, Stateless } from './stateless.ts'

const META = 'io.modelcontextprotocol/'

inOneWorld('MCP servers of 2026-07-28 behind the gateway', (world) => {
  serverTasks(world)
  sessionLogging(world)
  let server: NewServer
  let place: Place

  before(async () => {
    server = await serveNew()
    place = await Place.add(world(), { name: 'new', url: server.url })
  })
  afterEach(() => server.answers('new'))
  after(() => server.close())

  const begun = () => server.heard.filter(({ method }) => method === 'initialize').length

  it('are imported as they describe themselves', () => {
    assert.deepEqual(place.actions.toSorted(), [
      'new.ask',
      'new.log',
      'new.prompt-greet',
      'new.query',
      'new.read-resource',
      'new.say',
      'new.slow',
    ])
    assert.equal(begun(), 1, 'it is asked once whether it has sessions as well')
  })

  it('serve clients of every revision, each in its own', async () => {
    const task = await place.open()
    const [older, newer] = [
      await place.connect(task),
      await connectNew(world(), place, task, 'auto'),
    ]
    for (const client of [older, newer]) {
      assert.deepEqual(client.getServerVersion()?.name, 'new')
      const tools = await client.listTools()
      assert.equal(tools.tools.length, 5)
      assert.equal(
        wordsOf(await client.callTool({ name: 'say', arguments: { text: 'hello' } })),
        'done',
      )
      assert.deepEqual(
        (await client.getPrompt({ name: 'greet', arguments: { who: 'S' } })).messages,
        [],
      )
      assert.deepEqual((await client.readResource({ uri: 'note://1' })).contents, [
        { uri: 'note://1', text: 'a note' },
      ])
    }
    const session = await place.session(task)
    const { result } = rpcOf(await session.call('say', { text: 'x' }))
    for (const name of ['resultType', 'ttlMs', 'cacheScope']) assert.equal(result[name], undefined)
    assert.deepEqual(Object.keys(result._meta), ['remit/decision'])
    assert.ok(begun() <= 2, 'for the first client with a session it is asked once more')
    assert.ok((await place.session(task)).id)
    assert.ok(begun() <= 2)
  })

  it('hear each call by itself: what was decided, who we are, and nothing of the caller', async () => {
    const client = await Stateless.at(place, await place.open(), {
      sampling: {},
      roots: {},
      elicitation: { url: {} },
    })
    const { result } = rpcOf(
      await client.call('say', { text: 'Grüße' }, { _meta: { 'x/y': 'mine', progressToken: 'p' } }),
    )
    const sent = server.calls().at(-1)
    assert.ok(sent)
    const decision = result._meta['remit/decision']
    assert.deepEqual(sent.message, {
      jsonrpc: '2.0',
      id: decision,
      method: 'tools/call',
      params: {
        name: 'say',
        arguments: { text: 'Grüße' },
        _meta: {
          progressToken: decision,
          [`${META}protocolVersion`]: '2026-07-28',
          [`${META}clientInfo`]: { name: 'remit', version: '0' },
          [`${META}clientCapabilities`]: { elicitation: { url: {} } },
        },
      },
    })
    const headers = [
      'mcp-protocol-version',
      'mcp-method',
      'mcp-name',
      'mcp-session-id',
      'authorization',
    ]
    assert.deepEqual(
      headers.map((name) => sent.headers.get(name)),
      ['2026-07-28', 'tools/call', 'say', null, `Bearer ${ECHO_SECRET}`],
    )
  })

  it('get the arguments that they want in headers, also from clients that know nothing of that', async () => {
    const task = await place.open()
    const args = { region: 'Grüße', count: 42 }
    const older = await place.session(task)
    assert.equal(wordsOf(rpcOf(await older.call('query', args)).result), 'done')
    const sent = server.calls().at(-1)
    assert.deepEqual(
      ['mcp-param-region', 'mcp-param-count'].map((name) => sent?.headers.get(name)),
      ['=?base64?R3LDvMOfZQ==?=', '42'],
    )
    const newer = await connectNew(world(), place, task, 'auto')
    await newer.listTools()
    assert.equal(wordsOf(await newer.callTool({ name: 'query', arguments: args })), 'done')
  })

  it('log to the client that asks for it in its request, from the level that it names, without secrets', async () => {
    const task = await place.open()
    const client = await Stateless.at(place, task)
    const logged = async (level: unknown) => {
      const _meta = { [`${META}logLevel`]: level }
      const told = await client.call('log', { text: ECHO_SECRET }, { _meta })
      assert.equal(wordsOf(rpcOf(told).result), 'done', told.text)
      return messagesOf(told).slice(0, -1)
    }
    assert.deepEqual(await logged(undefined), [])
    assert.deepEqual(await logged('critical'), [])
    const [one, ...more] = await logged('warning')
    assert.deepEqual(more, [])
    assert.equal(one.method, 'notifications/message')
    assert.deepEqual([one.params.level, one.params.logger], ['error', 'desk'])
    assert.match(JSON.stringify(one.params.data), /^\{"said":"\*+"\}$/)
    for (const level of ['loud', '', 7, null]) {
      const refused = await client.call(
        'say',
        { text: 'x' },
        { _meta: { [`${META}logLevel`]: level } },
      )
      assert.equal(rpcOf(refused).error.code, -32602, String(level))
    }
    const older = await place.session(task)
    const silent = await older.request('tools/call', {
      ...{ name: 'log', arguments: { text: 'x' } },
      _meta: { [`${META}logLevel`]: 'debug', progressToken: 'p' },
    })
    assert.equal(messagesOf(silent).length, 1, 'a session has no such thing')
  })

  it('are left when the client leaves, and told by nothing else', async () => {
    const client = await connectNew(world(), place, await place.open(), 'auto')
    const before = server.heard.length
    const leaving = new AbortController()
    const words: unknown[] = []
    const left = client.callTool(
      { name: 'slow', arguments: { text: 'x' } },
      {
        signal: leaving.signal,
        onprogress: ({ message }) => {
          words.push(message)
          leaving.abort()
        },
      },
    )
    await assert.rejects(left)
    assert.deepEqual(words, ['half'])
    const outcome = await until(async () =>
      (await world().ledger()).findLast(
        ({ reason, type }) => type === 'decision.outcome' && reason === 'call.cancelled',
      ),
    )
    assert.equal(outcome.outcome, 'failed')
    assert.deepEqual(
      server.heard.slice(before).map(({ method }) => method),
      ['tools/call'],
    )
  })
})

inOneWorld('MCP servers that change their revision', (world) => {
  it('one that takes 2026-07-28 up is spoken to in it, and one that gives it up in a session again', async () => {
    const notes = await serveNotes()
    try {
      const place = await Place.add(world(), { name: 'notes', url: notes.url })
      const client = await Stateless.at(place, await place.open())
      const begun = () =>
        notes.asked.filter(({ message }) => message?.method === 'initialize').length
      const say = async (text: string) => rpcOf(await client.call('say', { text })).result
      assert.equal(wordsOf(await say('a')), 'done')
      const before = begun()
      let era: 'stateless' | 'sessions' = 'stateless'
      const called: string[] = []
      notes.play(async ({ headers, message }, reply) => {
        const isNew = headers['mcp-protocol-version'] === '2026-07-28'
        if (message?.method === 'server/discover' && era === 'stateless')
          return answer(reply, message.id, {
            resultType: 'complete',
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {} },
          })
        if (message?.method !== 'tools/call') return false
        if (isNew === (era === 'stateless')) {
          called.push(message.params.arguments.text)
          return false
        }
        reply.writeHead(isNew ? 400 : 404, { 'content-type': 'application/json' })
        const error = { code: -32000, message: 'Bad Request: No valid session ID provided' }
        reply.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }))
        return true
      })
      // Its sessions are gone: it is asked anew how it is spoken to.
      assert.equal(wordsOf(await say('b')), 'done')
      assert.equal(begun(), before)
      era = 'sessions'
      assert.equal(wordsOf(await say('c')), 'done')
      assert.equal(begun(), before + 1)
      assert.deepEqual(called, ['b', 'c'], 'each was made once')
    } finally {
      await notes.close()
    }
  })

  it('one that has no sessions any more is spoken to without, also when a client begins one', async () => {
    const notes = await serveNotes()
    try {
      const place = await Place.add(world(), { name: 'moved', url: notes.url })
      const task = await place.open()
      await place.session(task)
      const offered = ['2026-07-28']
      notes.play(({ message }, reply) => {
        if (message?.method === 'server/discover')
          return answer(reply, message.id, {
            ...{ resultType: 'complete', supportedVersions: offered },
            capabilities: { tools: {} },
          })
        if (message?.method !== 'initialize') return false
        reply.writeHead(400, { 'content-type': 'application/json' })
        const error = { code: -32022, message: 'unsupported', data: { supported: offered } }
        reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
        return true
      })
      const session = await place.session(task)
      const said = rpcOf(await session.call('say', { text: 'x' })).result
      assert.equal(wordsOf(said), 'done')
      assert.equal(notes.calls().at(-1)?.headers['mcp-protocol-version'], '2026-07-28')
    } finally {
      await notes.close()
    }
  })

  it('one that answers a stateless call with something else: failed, and not made again', async () => {
    const notes = await serveNotes()
    try {
      const play = (script: Script) =>
        notes.play((asked, reply) =>
          asked.message?.method === 'server/discover'
            ? answer(reply, asked.message.id, {
                supportedVersions: ['2026-07-28'],
                capabilities: { tools: {} },
              })
            : script(asked, reply),
        )
      play(() => false)
      const place = await Place.add(world(), { name: 'odd', url: notes.url })
      const client = await Stateless.at(place, await place.open())
      const results: [object, RegExp][] = [
        [{ resultType: 'task', taskId: 't', status: 'working' }, /invalid response/],
        [{ resultType: 'x', content: [] }, /invalid response/],
        [{ resultType: 'input_required', requestState: 's', content: [] }, /invalid response/],
      ]
      for (const [result, words] of results) {
        play(on('tools/call', ({ message }, reply) => answer(reply, message.id, result)))
        const before = notes.calls().length
        const told = rpcOf(await client.call('say', { text: 'x' })).result
        assert.match(wordsOf(told), words)
        assert.equal(notes.calls().length, before + 1)
      }
      for (const [status, code] of [
        [400, -32602],
        [404, -32601],
      ] as const) {
        play(
          on('tools/call', ({ message }, reply) => {
            reply.writeHead(status, { 'content-type': 'application/json' })
            const error = { code, message: 'no such thing' }
            reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
            return true
          }),
        )
        const { error } = rpcOf(await client.call('say', { text: 'x' }))
        assert.deepEqual([error.code, error.message], [code, 'no such thing'])
      }
      const before = notes.calls().length
      play(
        on('tools/call', ({ message }, reply) => {
          reply.writeHead(400, { 'content-type': 'application/json' })
          reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } }))
          return true
        }),
      )
      const told = rpcOf(await client.call('say', { text: 'x' })).result
      assert.match(wordsOf(told), /status 400/)
      assert.ok(notes.calls().length <= before + 2)
    } finally {
      await notes.close()
    }
  })
})
