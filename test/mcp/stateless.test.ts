import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { connectNew, metaFor, type Negotiation, REVISION, Stateless } from './stateless.ts'

const CALL = { name: 'say', arguments: { text: 'x' } }
const SUPPORTED = ['2026-07-28', '2025-11-25', '2025-06-18']

inOneWorld('MCP 2026-07-28, towards clients', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place

  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), { name: 'notes', url: notes.url, never: ['never'] })
  })
  afterEach(() => notes.play(() => false))
  after(() => notes.close())

  const modes: [Negotiation, string][] = [
    ['legacy', '2025-11-25'],
    ['auto', REVISION],
    [{ pin: REVISION }, REVISION],
  ]
  for (const [mode, revision] of modes) {
    it(`is spoken to by the official client, ${JSON.stringify(mode)}`, async () => {
      const client = await connectNew(world(), place, await place.open(), mode)
      assert.equal(client.getNegotiatedProtocolVersion(), revision)
      assert.equal(client.getServerVersion()?.name, 'notes')
      assert.equal(client.getInstructions(), 'Say little.')
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map(({ name }) => name),
        ['erase', 'say', 'secret_door'],
      )
      const said = await client.callTool(CALL)
      assert.equal(wordsOf(said), 'done')
      assert.match(String(said._meta?.['remit/decision']), /^dec_/)
      const refused = await client.callTool({ name: 'never', arguments: {} })
      assert.equal(refused.isError, true)
      notes.play(
        on('prompts/get', ({ message }, reply) => answer(reply, message.id, { messages: [] })),
      )
      assert.deepEqual(
        (await client.getPrompt({ name: 'greet', arguments: { who: 'S' } })).messages,
        [],
      )
      notes.play(
        on('resources/read', ({ message }, reply) => answer(reply, message.id, { contents: [] })),
      )
      assert.equal((await client.listResources()).resources[0]?.uri, 'note://1')
      assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 1)
      assert.deepEqual((await client.readResource({ uri: 'note://1' })).contents, [])
    })
  }

  it('says what it is and what it speaks, to those who may ask', async () => {
    const client = await Stateless.at(place, await place.open())
    const { result } = rpcOf(await client.request('server/discover'))
    assert.deepEqual(result, {
      supportedVersions: SUPPORTED,
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
      instructions: 'Say little.',
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: {
        'io.modelcontextprotocol/serverInfo': { name: 'notes', version: '7', title: 'notes' },
      },
    })
    const bare = await client.request('server/discover', {}, { token: 'a.b.c' })
    assert.equal(bare.status, 401)
    assert.match(String(bare.headers['www-authenticate']), /resource_metadata="/)
  })

  it('marks what was decided for one task as private and stale, whatever the server says', async () => {
    const client = await Stateless.at(place, await place.open())
    const lists = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']
    for (const method of lists) {
      const { result } = rpcOf(await client.request(method))
      assert.deepEqual(
        [result.resultType, result.ttlMs, result.cacheScope],
        ['complete', 0, 'private'],
        method,
      )
    }
    notes.play(({ message }, reply) =>
      message?.method === 'resources/read' || message?.method === 'tools/call'
        ? answer(reply, message.id, {
            contents: [],
            content: [],
            resultType: 'input_required',
            ttlMs: 3_600_000,
            cacheScope: 'public',
            _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'evil' }, 'x/y': 1 },
          })
        : false,
    )
    const read = rpcOf(await client.request('resources/read', { uri: 'note://1' })).result
    assert.deepEqual([read.resultType, read.ttlMs, read.cacheScope], ['complete', 0, 'private'])
    const said = rpcOf(await client.call('say', { text: 'x' })).result
    assert.deepEqual(
      [said.resultType, said.ttlMs, said.cacheScope],
      ['complete', undefined, undefined],
    )
    assert.equal(said._meta['io.modelcontextprotocol/serverInfo'].name, 'notes')
    assert.equal(said._meta['x/y'], 1)
    const older = rpcOf(
      await (await place.session(await place.open())).call('say', { text: 'x' }),
    ).result
    for (const name of ['resultType', 'ttlMs', 'cacheScope']) assert.equal(older[name], undefined)
    assert.deepEqual(Object.keys(older._meta).sort(), ['remit/decision', 'x/y'])
  })

  it('needs headers that equal the message, decoded', async () => {
    const client = await Stateless.at(place, await place.open())
    const odd: Record<string, string | undefined>[] = [
      { 'mcp-protocol-version': undefined },
      { 'mcp-protocol-version': '2025-11-25' },
      { 'mcp-method': undefined },
      { 'mcp-method': 'tools/list' },
      { 'mcp-method': 'Tools/Call' },
      { 'mcp-method': '=?base64?dG9vbHMvY2FsbA==?=' },
      { 'mcp-name': undefined },
      { 'mcp-name': 'erase' },
      { 'mcp-name': '=?base64?c2F5?' },
      { 'mcp-name': '=?base64?c2F5IA==?=' },
      { 'mcp-name': '=?base64?c2F6?=' },
      { 'mcp-name': '=?BASE64?c2F5?=' },
      { 'mcp-name': '=?base64?c2E=eQ==?=' },
    ]
    const before = notes.calls().length
    for (const headers of odd) {
      const refused = await client.call('say', { text: 'x' }, {}, { headers })
      assert.equal(refused.status, 400, JSON.stringify(headers))
      const { error, id } = rpcOf(refused)
      assert.equal(error.code, -32020, JSON.stringify(headers))
      assert.equal(typeof id, 'number', 'the client can tell which request it was')
    }
    assert.equal(notes.calls().length, before)
    const fine = { headers: { 'mcp-name': '=?base64?c2F5?=' } }
    assert.equal((await client.call('say', { text: 'x' }, {}, fine)).status, 200)
  })

  it('names what it speaks to a client of another revision, and what is missing', async () => {
    const client = await Stateless.at(place, await place.open())
    for (const requested of ['1900-01-01', '2027-01-01', 'x'.repeat(100), '']) {
      const refused = await client.request(
        'tools/call',
        { ...CALL, _meta: { ...metaFor({}, requested) } },
        { headers: { 'mcp-protocol-version': requested || undefined } },
      )
      assert.equal(refused.status, 400, refused.text)
      const { error } = rpcOf(refused)
      assert.equal(error.code, requested === '' ? -32020 : -32022)
      if (requested === '') continue
      assert.deepEqual(error.data.supported, SUPPORTED)
      assert.equal(error.data.requested, requested.slice(0, 32))
    }
    for (const name of ['protocolVersion', 'clientCapabilities']) {
      const _meta = { [`io.modelcontextprotocol/${name}`]: undefined }
      const refused = await client.request('tools/call', { ...CALL, _meta })
      assert.equal(refused.status, 400)
      assert.equal(rpcOf(refused).error.code, -32602, refused.text)
      assert.match(rpcOf(refused).error.message, new RegExp(name))
    }
  })

  it('has no session: one that is sent along is ignored, and none is given', async () => {
    const theirs = await place.session(await place.open())
    const client = await Stateless.at(place, await place.open())
    const said = await client.call(
      'say',
      { text: 'x' },
      {},
      {
        headers: { 'mcp-session-id': theirs.id ?? '' },
      },
    )
    assert.equal(said.status, 200, said.text)
    assert.equal(said.headers['mcp-session-id'], undefined)
  })

  it('does not offer what the revision does not have, with the status that it asks for', async () => {
    const client = await Stateless.at(place, await place.open())
    for (const method of ['ping', 'logging/setLevel', 'resources/subscribe', 'tasks/list', 'x']) {
      const refused = await client.request(method)
      assert.equal(refused.status, 404, method)
      assert.equal(rpcOf(refused).error.code, -32601)
    }
    const bare = await place.bare(await place.open())
    const headers = { 'mcp-protocol-version': REVISION }
    const told = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
    assert.equal((await bare.send(told, { headers })).status, 202)
    const said = await bare.send({ jsonrpc: '2.0', id: 1, result: {} }, { headers })
    assert.equal(said.status, 400, 'clients send no answers')
  })

  it('an error says nothing in the codes that the revision keeps for itself', async () => {
    const task = await place.open()
    const client = await Stateless.at(place, task)
    const session = await place.session(task)
    const codes = {
      '-32002': [-32002, -32602],
      '-32020': [-32603, -32603],
      '-32022': [-32603, -32603],
      '-32050': [-32050, -32603],
      '7': [7, 7],
    }
    for (const [code, [older, newer]] of Object.entries(codes)) {
      notes.play(
        on('resources/read', ({ message }, reply) => {
          const error = { code: Number(code), message: 'no' }
          reply.setHeader('content-type', 'application/json')
          reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
          return true
        }),
      )
      const params = { uri: 'note://1' }
      assert.equal(rpcOf(await session.request('resources/read', params)).error.code, older)
      assert.equal(rpcOf(await client.request('resources/read', params)).error.code, newer)
    }
    const narrow = place.details(
      ['notes.read-resource'],
      [{ path: '/uri', op: 'prefix', value: 'file:///a/' }],
    )
    const denied = await (await Stateless.at(place, await place.open(narrow))).request(
      'resources/read',
      { uri: 'note://1' },
    )
    assert.equal(rpcOf(denied).error.code, 403, denied.text)
  })

  it('a client that may initialize may name any revision in the header', async () => {
    const bare = await place.bare(await place.open())
    const params = {
      protocolVersion: REVISION,
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    }
    for (const revision of [REVISION, 'draft', '2024-11-05']) {
      const told = await bare.request('initialize', params, {
        headers: { 'mcp-protocol-version': revision },
      })
      assert.equal(rpcOf(told).result.protocolVersion, '2025-11-25', revision)
    }
  })

  it('the calls of a task share a session with the server, and no other task has part in it', async () => {
    const begun = () => notes.asked.filter(({ message }) => message?.method === 'initialize').length
    const clients = [
      await Stateless.at(place, await place.open()),
      await Stateless.at(place, await place.open()),
    ]
    const before = begun()
    const sessions = await Promise.all(
      clients.map(async (client) => {
        const from = notes.calls().length
        await Promise.all(['a', 'b', 'c'].map((text) => client.call('say', { text })))
        assert.ok(notes.calls().length >= from + 3)
      }),
    )
    assert.equal(begun(), before + sessions.length)
    await clients[0]?.call('say', { text: 'd' })
    assert.equal(begun(), before + 2)
    const used = notes
      .calls()
      .slice(-7)
      .map(({ headers }) => headers['mcp-session-id'])
    assert.equal(new Set(used).size, 2)
  })

  it('a server that forgot the session of a task is asked in a new one, once', async () => {
    const client = await Stateless.at(place, await place.open())
    await client.call('say', { text: 'a' })
    const forgotten = notes.calls().at(-1)?.headers['mcp-session-id']
    notes.play(
      on('tools/call', ({ headers }, reply) => {
        if (headers['mcp-session-id'] !== forgotten) return false
        reply.writeHead(404).end()
        return true
      }),
    )
    const before = notes.calls().length
    assert.equal(wordsOf(rpcOf(await client.call('say', { text: 'b' })).result), 'done')
    assert.equal(wordsOf(rpcOf(await client.call('say', { text: 'c' })).result), 'done')
    assert.equal(notes.calls().length, before + 3)
  })

  it('so is one that says with another status that it forgot the session', async () => {
    const task = await place.open()
    const clients = [await Stateless.at(place, task), await place.session(task)]
    for (const client of clients)
      for (const [status, code] of [
        [400, -32000],
        [400, -32600],
        [404, -32001],
      ] as const) {
        assert.equal((await client.call('say', { text: 'a' })).status, 200)
        const forgotten = notes.calls().at(-1)?.headers['mcp-session-id']
        notes.play(
          on('tools/call', ({ headers }, reply) => {
            if (headers['mcp-session-id'] !== forgotten) return false
            reply.writeHead(status, { 'content-type': 'application/json' })
            const error = { code, message: 'Bad Request: No valid session ID provided' }
            reply.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }))
            return true
          }),
        )
        const before = notes.calls().length
        assert.equal(wordsOf(rpcOf(await client.call('say', { text: 'b' })).result), 'done')
        assert.equal(notes.calls().length, before + 2, `${status} ${code}`)
        notes.play(() => false)
      }
  })

  it('a server that opens no session: the call is not sent, and says so', async () => {
    const client = await Stateless.at(place, await place.open())
    notes.play(on('initialize', (_, reply) => reply.writeHead(500).end() !== undefined))
    const told = rpcOf(await client.call('say', { text: 'x' })).result
    assert.match(wordsOf(told), /nothing was sent/)
    notes.play(() => false)
    assert.equal(wordsOf(rpcOf(await client.call('say', { text: 'x' })).result), 'done')
  })

  it('a client that leaves has cancelled, and one with a session has not', async () => {
    const cancelled = () =>
      notes.asked.filter(({ message }) => message?.method === 'notifications/cancelled').length
    notes.play(
      on('tools/call', ({ message }, reply) => {
        const { progressToken } = message.params._meta
        const params = { progressToken, progress: 1 }
        stream(reply, { jsonrpc: '2.0', method: 'notifications/progress', params })
        return true
      }),
    )
    const task = await place.open()
    const client = await connectNew(world(), place, task, 'auto')
    const before = cancelled()
    const leaving = new AbortController()
    const left = client.callTool(CALL, {
      signal: leaving.signal,
      onprogress: () => leaving.abort(),
    })
    await assert.rejects(left)
    await until(async () => cancelled() === before + 1 || undefined)
  })

  it('one token is of use to its own task, on any request', async () => {
    const mine = await place.open(place.details(['notes.say']))
    const client = await Stateless.at(place, mine)
    const hidden = rpcOf(await client.call('secret_door'))
    const absent = rpcOf(await client.call('no_such_tool'))
    assert.equal(hidden.error.code, -32602)
    assert.deepEqual({ ...hidden, id: 0 }, { ...absent, id: 0 })
    const bad = rpcOf(await client.call('erase', { odd: 1 }))
    assert.deepEqual({ ...bad, id: 0 }, { ...absent, id: 0 })
  })

  it('headers that repeat arguments have to equal them, where the tool declares them', async () => {
    const regional = await serveNotes()
    const properties = {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      count: { type: 'integer', 'x-mcp-header': 'Count' },
      sure: { type: 'boolean', 'x-mcp-header': 'Sure' },
      deep: { type: 'object', properties: { x: { type: 'string', 'x-mcp-header': 'X' } } },
      free: { type: 'string' },
    }
    const tools = [{ name: 'query', inputSchema: { type: 'object', properties } }]
    regional.play(on('tools/list', ({ message }, reply) => answer(reply, message.id, { tools })))
    try {
      const there = await Place.add(world(), { name: 'regional', url: regional.url })
      const client = await Stateless.at(there, await there.open())
      const args = { region: 'Grüße', count: 42, sure: true, deep: { x: ' ' }, free: 'y' }
      const right = {
        'mcp-param-region': '=?base64?R3LDvMOfZQ==?=',
        'mcp-param-count': '42.0',
        'mcp-param-sure': 'true',
        'mcp-param-x': '=?base64?IA==?=',
        'mcp-param-unknown': 'anything',
      }
      const call = (given: object, headers: Record<string, string | undefined>) =>
        client.call('query', given, {}, { headers })
      assert.equal((await call(args, right)).status, 200)
      assert.equal((await call({ free: 'y', region: null }, {})).status, 200)
      const before = regional.calls().length
      for (const [name, value] of [
        ['mcp-param-region', undefined],
        ['mcp-param-region', 'Gruesse'],
        ['mcp-param-region', '=?base64?R3LDvMOfZQ?='],
        ['mcp-param-count', '43'],
        ['mcp-param-count', '42.5'],
        ['mcp-param-sure', 'TRUE'],
        ['mcp-param-x', 'y'],
      ] as const) {
        const refused = await call(args, { ...right, [name]: value })
        assert.equal(refused.status, 400, `${name} ${value}`)
        assert.equal(rpcOf(refused).error.code, -32020)
      }
      const extra = await call({ free: 'y' }, { 'mcp-param-region': 'x' })
      assert.equal(rpcOf(extra).error.code, -32020, 'a header for what is not there')
      assert.equal(regional.calls().length, before)
      const official = await connectNew(world(), there, await there.open(), 'auto')
      await official.listTools()
      assert.equal(wordsOf(await official.callTool({ name: 'query', arguments: args })), 'done')
      const older = await there.session(await there.open())
      assert.equal((await older.call('query', args)).status, 200, 'an older client sends none')
    } finally {
      await regional.close()
    }
  })
})
