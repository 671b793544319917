import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import { ECHO_SECRET } from '../echo.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { messagesOf, Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'

inOneWorld('an MCP server behind the gateway', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place

  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), { name: 'notes', url: notes.url, never: ['never'] })
  })
  afterEach(() => notes.play(() => false))
  after(() => notes.close())

  it('is spoken to by the official client: lists, calls, prompts, resources', async () => {
    const client = await place.connect(await place.open())
    assert.deepEqual(client.getServerVersion(), { name: 'notes', version: '7', title: 'notes' })
    assert.equal(client.getInstructions(), 'Say little.')
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['erase', 'say', 'secret_door'],
      'what no rule would permit is not listed',
    )
    const said = await client.callTool({ name: 'say', arguments: { text: 'hello' } })
    assert.equal(wordsOf(said), 'done')
    assert.match(String(said._meta?.['remit/decision']), /^dec_/)
    notes.play(
      on('prompts/get', ({ message }, reply) => answer(reply, message.id, { messages: [] })),
    )
    const prompt = await client.getPrompt({ name: 'greet', arguments: { who: 'Sam' } })
    assert.deepEqual(prompt.messages, [])
    notes.play(
      on('resources/read', ({ message }, reply) => answer(reply, message.id, { contents: [] })),
    )
    assert.equal((await client.listResources()).resources[0]?.uri, 'note://1')
    assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 1)
    assert.deepEqual((await client.readResource({ uri: 'note://1' })).contents, [])
    await client.ping()
  })

  for (const revision of ['2025-11-25', '2025-06-18', '2024-11-05']) {
    it(`agrees on a revision with a client that asks for ${revision}`, async () => {
      const session = await place.session(await place.open(), revision)
      assert.equal(session.revision, revision === '2024-11-05' ? '2025-11-25' : revision)
      assert.equal((await session.call('say', { text: 'x' })).status, 200)
      assert.equal((await session.request('tools/list')).status, 200)
    })
  }

  it('X7: is sent what was decided on, the credential, and nothing of the caller', async () => {
    const session = await place.session(await place.open())
    const params = {
      name: 'say',
      arguments: { text: 'marker' },
      _meta: { 'x/y': 'mine' },
      task: {},
    }
    const done = rpcOf(await session.request('tools/call', params))
    assert.ok(done.result, JSON.stringify(done))
    const sent = notes.calls().at(-1)
    assert.deepEqual(sent?.message.params, { name: 'say', arguments: { text: 'marker' } })
    assert.equal(sent?.headers.authorization, `Bearer ${ECHO_SECRET}`)
    assert.equal(sent?.headers['remit-decision'], done.result._meta['remit/decision'])
    for (const name of ['dpop', 'cookie', 'origin']) assert.equal(sent?.headers[name], undefined)
  })

  it('is not told of a credential that the server sends back, however it spells it', async () => {
    const session = await place.session(await place.open())
    const spelled = [...ECHO_SECRET]
      .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')
    notes.play(
      on('tools/call', ({ message }, reply) => {
        reply.setHeader('content-type', 'application/json')
        reply.end(
          `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"content":[{"type":"text","text":"a ${spelled} b"}],"x":{"${ECHO_SECRET}":1}}}`,
        )
        return true
      }),
    )
    const told = await session.call('say', { text: 'x' })
    assert.equal(told.status, 200)
    assert.ok(!told.text.includes(ECHO_SECRET) && !told.text.includes('\\u'), told.text)
    assert.match(told.text, /a \*+ b/)
  })

  it('tells progress where the client asked for it, and answers with the result behind it', async () => {
    const client = await place.connect(await place.open())
    notes.play(
      on('tools/call', ({ message }, reply) => {
        const progressToken = message.params._meta.progressToken
        const about = (token: unknown, progress: number) => ({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: token, progress, total: 3, message: `step ${progress}` },
        })
        for (const at of [about(progressToken, 0), about(progressToken, 1), about('another', 9)])
          stream(reply, at)
        stream(reply, about(progressToken, 2))
        stream(reply, {
          jsonrpc: '2.0',
          method: 'notifications/message',
          params: { level: 'info', data: ECHO_SECRET },
        })
        stream(reply, { jsonrpc: '2.0', id: message.id, result: { content: [] } })
        reply.end()
        return true
      }),
    )
    const heard: (number | undefined)[] = []
    await client.callTool({ name: 'say', arguments: { text: 'x' } }, undefined, {
      onprogress: ({ progress }) => heard.push(progress),
    })
    assert.deepEqual(heard, [0, 1, 2], 'a server may begin with 0')
  })

  it('refuses in words that a model can act on', async () => {
    const client = await place.connect(await place.open(place.details(place.actions, [])))
    const refused = await client.callTool({ name: 'never', arguments: {} })
    assert.equal(refused.isError, true)
    assert.match(wordsOf(refused), /^Not executed: .*Do not work around this.*Decision dec_/s)
    const bad = await client.callTool({ name: 'say', arguments: { text: 7 } })
    assert.equal(bad.isError, true)
    assert.match(wordsOf(bad), /^Not executed: .*text/s)
  })

  it('tells alike of what does not exist and of what the task was not given', async () => {
    const session = await place.session(await place.open(place.details(['notes.say'])))
    const hidden = rpcOf(await session.call('secret_door'))
    const missing = rpcOf(await session.call('no_such_tool'))
    const alike = rpcOf(await session.call('sаy', { text: 'x' })) // a Cyrillic letter
    assert.equal(hidden.error.code, -32602)
    for (const other of [missing, alike])
      assert.deepEqual({ ...other, id: 0 }, { ...hidden, id: 0 })
    const { tools } = rpcOf(await session.request('tools/list')).result
    assert.deepEqual(
      tools.map(({ name }: { name: string }) => name),
      ['say'],
    )
  })

  it('does not offer what it does not offer', async () => {
    const session = await place.session(await place.open())
    for (const method of [
      'logging/getLevel',
      'subscriptions/listen',
      'tasks/list',
      'tasks/get',
      'sampling/createMessage',
      'Tools/Call',
      'tools/call ',
    ]) {
      const { error } = rpcOf(await session.request(method, { name: 'say' }))
      assert.equal(error.code, -32601, method)
    }
    const noSession = { method: 'GET', headers: { 'mcp-session-id': undefined } }
    const got = await session.send(undefined, noSession)
    assert.equal(got.status, 405)
    assert.equal(messagesOf(got)[0].code, 'request.method_not_allowed')
  })

  it('says when a call fits again that a limit on a time refuses, and goes on listing the tool', async () => {
    const session = await place.session(await place.open())
    const ada = await world().api('ada')
    const set = await ada.send('PUT', '/limits', {
      subject: { kind: 'organization' },
      limit: { limit: 'calls', max: 1, seconds: 600 },
    })
    const call = async () => rpcOf(await session.call('say', { text: 'x' })).result
    assert.equal(wordsOf(await call()), 'done')
    const refused = await call()
    assert.equal(refused.isError, true)
    const seconds = Number(refused._meta['remit/retry-after'])
    assert.ok(seconds > 0 && seconds <= 600, JSON.stringify(refused))
    assert.match(wordsOf(refused), new RegExp(`exact call again in ${seconds} seconds`))
    const { tools } = rpcOf(await session.request('tools/list')).result
    assert.ok(tools.some(({ name }: { readonly name: string }) => name === 'say'))
    await ada.send('DELETE', `/limits/${String(set.body.id)}`)
    assert.equal(wordsOf(await call()), 'done')
  })

  it('records what became of a call', async () => {
    const session = await place.session(await place.open())
    const { result } = rpcOf(await session.call('say', { text: 'x' }))
    const id = result._meta['remit/decision']
    const records = await until(async () => {
      const found = (await world().ledger()).filter((record) => record.decision_id === id)
      return found.some(({ type }) => type === 'decision.outcome') ? found : undefined
    })
    assert.deepEqual(
      records.map(({ type }) => type),
      ['decision.intent', 'decision.outcome'],
      JSON.stringify(records),
    )
  })

  it('goes on with a session on a server that never saw it begin', async () => {
    const session = await place.session(await place.open())
    await world().restart()
    assert.equal(wordsOf(rpcOf(await session.call('say', { text: 'x' })).result), 'done')
    assert.equal((await session.request('tools/list')).status, 200)
  })

  it('lists what is long in pages that fit together', async () => {
    const many = await serveNotes()
    const names = Array.from({ length: 230 }, (_, i) => `tool_${String(i).padStart(3, '0')}`)
    many.play(
      on('tools/list', ({ message }, reply) => {
        const tools = names.map((name) => ({ name, inputSchema: { type: 'object' } }))
        return answer(reply, message.id, { tools: tools.reverse() })
      }),
    )
    try {
      const long = await Place.add(world(), { name: 'long', url: many.url, proposed: true })
      const session = await long.session(await long.open())
      const pages: string[][] = []
      let cursor: string | undefined
      do {
        const { result } = rpcOf(await session.request('tools/list', cursor ? { cursor } : {}))
        pages.push(result.tools.map(({ name }: { name: string }) => name))
        cursor = result.nextCursor
      } while (cursor !== undefined)
      assert.deepEqual(
        pages.map(({ length }) => length),
        [200, 30],
      )
      assert.deepEqual(pages.flat(), names)
    } finally {
      await many.close()
    }
  })
})
