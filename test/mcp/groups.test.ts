import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { findRequest } from '../../src/approvals/access-requests/index.ts'
import { resumeResource, suspendResource } from '../../src/catalog/catalog-changes/index.ts'
import { allowConfusables, setGroup } from '../../src/catalog/resource-groups/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import type { OpenTask } from '../agent.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { say } from './asking.ts'
import { serveNew } from './new-server.ts'
import { Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { connectNew, type Negotiation, REVISION, Stateless } from './stateless.ts'
import { Stranger } from './stranger.ts'

const UPDATED = 'notifications/resources/updated'
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

inOneWorld('several MCP servers behind one address', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let fresh: Awaited<ReturnType<typeof serveNew>>
  let twin: Awaited<ReturnType<typeof serveNotes>>
  let members: readonly Place[]
  let all: Place
  const by = async () => (await world().person('ada')).id

  async function group(...names: string[]): Promise<void> {
    const { gateway, rooms } = world()
    const given = { name: 'office', identifier: `${gateway}/office`, members: names }
    await setGroup(rooms.connections, { ...given, by: await by() })
  }

  /** Lists all that the members have. */
  const details = () => members.flatMap((member) => member.details())
  const open = () => world().open({ details: details() })
  const at = async (task: OpenTask, capabilities: object = {}) =>
    Stateless.at(all, task, capabilities)
  const listed = async (client: Stateless, method = 'tools/list') => {
    const given = await client.request(method)
    const { result } = rpcOf(given)
    assert.ok(result, given.text)
    return result
  }

  before(async () => {
    notes = await serveNotes()
    fresh = await serveNew()
    twin = await serveNotes()
    const tool = { inputSchema: { type: 'object', properties: {} } }
    twin.play(
      on('tools/list', ({ message }, reply) =>
        answer(reply, message.id, {
          tools: [
            { ...tool, name: 'qu3ry' },
            { ...tool, name: 's_ay' },
          ],
        }),
      ),
    )
    members = [
      await Place.add(world(), {
        name: 'notes',
        url: notes.url,
        asks: ['erase'],
        never: ['never'],
      }),
      await Place.add(world(), { name: 'fresh', url: fresh.url }),
    ]
    await group('notes', 'fresh')
    all = Place.at(world(), 'office')
  })
  afterEach(() => notes.play(() => false))
  after(async () => {
    await Promise.all([notes.close(), fresh.close(), twin.close()])
  })

  const modes: [Negotiation, string][] = [
    ['legacy', '2025-11-25'],
    [{ pin: REVISION }, REVISION],
  ]
  for (const [mode, revision] of modes) {
    it(`tell the official client of resources of each member, ${revision}`, async () => {
      const client = await connectNew(world(), all, await open(), mode)
      const heard: string[] = []
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        heard.push(params.uri)
      })
      const uris = ['fresh+note://1', 'notes+note://1']
      let say = () => {}
      notes.play(({ verb }, reply) => {
        if (verb !== 'GET') return false
        reply.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        say = () => stream(reply, { jsonrpc: '2.0', method: UPDATED, params: { uri: 'note://1' } })
        return true
      })
      if (mode === 'legacy') for (const uri of uris) await client.subscribeResource({ uri })
      else await client.listen({ resourceSubscriptions: uris })
      await until(async () => {
        fresh.notify.resourceUpdated('note://1')
        say()
        return new Set(heard).size === 2 || undefined
      })
      assert.deepEqual([...new Set(heard)].toSorted(), uris)
    })

    it(`are one server to the official client, ${revision}`, async () => {
      const client = await connectNew(world(), all, await open(), mode)
      assert.equal(client.getNegotiatedProtocolVersion(), revision)
      assert.equal(client.getServerVersion()?.name, 'office')
      assert.match(
        client.getInstructions() ?? '',
        /^notes \(names that begin with notes__\):\nSay little\./,
      )
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map(({ name }) => name),
        [
          'fresh__ask',
          'fresh__log',
          'fresh__query',
          'fresh__say',
          'fresh__slow',
          'notes__erase',
          'notes__say',
          'notes__secret_door',
        ],
      )
      assert.equal(
        wordsOf(await client.callTool({ name: 'notes__say', arguments: { text: 'x' } })),
        'done',
      )
      assert.equal(notes.calls().at(-1)?.message.params.name, 'say')
      assert.equal(
        wordsOf(await client.callTool({ name: 'fresh__say', arguments: { text: 'y' } })),
        'done',
      )
      assert.equal(fresh.said.at(-1), 'y')
      const { prompts } = await client.listPrompts()
      assert.deepEqual(
        prompts.map(({ name }) => name),
        ['fresh__greet', 'notes__greet'],
      )
      assert.deepEqual(
        (await client.getPrompt({ name: 'fresh__greet', arguments: { who: 'S' } })).messages,
        [],
      )
      const { resources } = await client.listResources()
      assert.deepEqual(
        resources.map(({ uri }) => uri),
        ['fresh+note://1', 'notes+note://1'],
      )
      const { resourceTemplates } = await client.listResourceTemplates()
      assert.deepEqual(
        resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        ['notes+note://{id}'],
      )
      const { contents } = await client.readResource({ uri: 'fresh+note://1' })
      assert.deepEqual(contents, [{ uri: 'fresh+note://1', text: 'a note' }])
      assert.equal(fresh.calls().at(-1)?.message.params.uri, 'note://1')
    })
  }

  it('speak the oldest revision too, with a session that no other task can use', async () => {
    const session = await all.session(await open(), '2025-06-18')
    assert.equal(session.revision, '2025-06-18')
    const before = notes.asked.filter(({ message }) => message?.method === 'initialize').length
    assert.equal(wordsOf(rpcOf(await session.call('notes__say', { text: 'a' })).result), 'done')
    assert.equal(wordsOf(rpcOf(await session.call('notes__say', { text: 'b' })).result), 'done')
    const sessions = notes.asked.filter(({ message }) => message?.method === 'initialize').length
    assert.equal(sessions, before + 1, 'one session with a member, begun by the first call')
    const other = await all.bare(await open())
    other.id = session.id
    other.revision = session.revision
    assert.equal((await other.request('ping')).status, 404)
    const ended = await session.send(undefined, { method: 'DELETE' })
    assert.equal(ended.status, 204)
    assert.equal(notes.asked.at(-1)?.message, undefined, 'the member is told, without a message')
  })

  it('a call is decided, and written down, as one of the member', async () => {
    const client = await at(await open())
    const { result } = rpcOf(await client.call('notes__say', { text: 'x' }))
    const explained = await (await world().api('ada')).send(
      'GET',
      `/decisions/${result._meta['remit/decision']}`,
    )
    assert.deepEqual(
      [explained.body.resource, explained.body.action, explained.body.outcome],
      ['notes', 'notes.say', 'permit'],
    )
    const refused = rpcOf(await client.call('notes__never')).result
    assert.equal(refused.isError, true)
  })

  it('a token is good at the address that it is for, and at no other', async () => {
    const task = await open()
    const [member] = members
    assert.ok(member)
    const odd = async (place: Place, token: string) =>
      (await (await place.bare(task)).request('ping', {}, { token })).status
    assert.equal(await odd(all, await member.token(task)), 401)
    assert.equal(await odd(member, await all.token(task)), 401)
  })

  it('a task that has one member only learns of no other', async () => {
    const task = await world().open({ details: members[0]?.details(['notes.say']) ?? [] })
    const client = await at(task)
    const { tools } = await listed(client)
    assert.deepEqual(
      tools.map(({ name }: { name: string }) => name),
      ['notes__say'],
    )
    assert.equal(tools[0].description, 'The tool say.')
    const unknown = rpcOf(await client.call('fresh__say', { text: 'x' })).error
    const none = rpcOf(await client.call('fresh__nothing')).error
    assert.deepEqual([unknown.code, unknown.message], [none.code, none.message])
  })

  it('names that are no names of members are unknown, however they are made', async () => {
    const client = await at(await open())
    for (const name of [
      'say',
      '__say',
      'notes__',
      'notes__say__',
      'NOTES__say',
      'office__say',
      'notes_say',
      '__proto__',
      'constructor',
      'x'.repeat(5_000),
    ])
      assert.equal(rpcOf(await client.call(name)).error?.code, -32602, name)
    for (const uri of ['note://1', '+note://1', 'office+note://1', 'nobody+note://1', 'notes'])
      assert.ok(rpcOf(await client.request('resources/read', { uri })).error, uri)
  })

  it('names of several members that are the same are told, where the task may use both', async () => {
    const { tools } = await listed(await at(await open()))
    const said = tools.find(({ name }: { name: string }) => name === 'notes__say')
    assert.match(
      said.description,
      /^The tool say\.\n\nFrom the gateway: another server offers .*: fresh__say\. They are not the same\.$/,
    )
    assert.deepEqual(said._meta, {
      'remit/server': 'notes',
      'remit/name': 'say',
      'remit/looks-like': ['fresh__say'],
    })
  })

  it('names that only look the same are kept out until an administrator lets them in', async () => {
    const { rooms } = world()
    const third = await Place.add(world(), { name: 'twin', url: twin.url })
    await group('notes', 'fresh', 'twin')
    const task = await world().open({ details: [...details(), ...third.details()] })
    const names = async () =>
      (await listed(await at(task))).tools
        .map(({ name }: { name: string }) => name)
        .filter((name: string) => /s_?ay|query|qu3ry/.test(name))
    assert.deepEqual(await names(), ['fresh__query', 'twin__qu3ry'])
    for (const name of ['notes__say', 'fresh__say', 'twin__s_ay'])
      assert.equal(rpcOf(await (await at(task)).call(name, { text: 'x' })).error?.code, -32602)
    const session = await all.session(task)
    const begun = () => twin.asked.filter(({ message }) => message?.method === 'initialize').length
    const before = begun()
    await session.call('notes__secret_door')
    await session.call('twin__qu3ry')
    assert.equal(begun(), before + 1, 'no member is called in the session of another')
    const shown = await (await world().api('ada')).send('GET', '/resources/office')
    assert.deepEqual(shown.body.look_alikes, [
      {
        actions: ['fresh.prompt-greet', 'notes.prompt-greet', 'twin.prompt-greet'],
        how: 'same',
        held: false,
      },
      { actions: ['fresh.say', 'notes.say', 'twin.s-ay'], how: 'alike', held: true },
    ])
    const letIn = { name: 'office', by: await by() }
    await allowConfusables(rooms.connections, { ...letIn, actions: ['notes.say', 'fresh.say'] })
    assert.deepEqual(await names(), ['fresh__query', 'twin__qu3ry'], 'some of them are not all')
    await allowConfusables(rooms.connections, {
      ...letIn,
      actions: ['notes.say', 'fresh.say', 'twin.s-ay'],
    })
    assert.deepEqual(await names(), [
      'fresh__query',
      'fresh__say',
      'notes__say',
      'twin__qu3ry',
      'twin__s_ay',
    ])
    await allowConfusables(rooms.connections, { ...letIn, actions: [] })
    await group('notes', 'fresh')
  })

  it('one that is suspended hides none of the others, and that is told', async () => {
    const { connections } = world().rooms
    const task = await open()
    const before = await all.token(task)
    await suspendResource(connections, { name: 'fresh', by: await by(), reason: '' })
    const client = await at(task)
    const { tools } = await listed(client)
    assert.ok(tools.every(({ name }: { name: string }) => name.startsWith('notes__')))
    assert.match(
      (await listed(client, 'server/discover')).instructions,
      /^From the gateway: not available now, .*: fresh\.$/m,
    )
    const stopped = rpcOf(await client.call('fresh__say', { text: 'z' })).result
    assert.match(wordsOf(stopped), /suspended/)
    assert.notEqual(fresh.said.at(-1), 'z')
    await resumeResource(connections, { name: 'fresh', by: await by(), reason: '' })
    const bare = await all.bare(task)
    assert.equal((await bare.request('ping', {}, { token: before })).status, 401)
    assert.equal(
      rpcOf(await (await at(task)).call('fresh__say', { text: 'again' })).result.isError,
      undefined,
    )
  })

  it('one that does not answer fails its own calls only', async () => {
    notes.play(
      on('tools/call', (_, reply) => {
        reply.destroy()
        return true
      }),
    )
    const client = await at(await open())
    assert.match(wordsOf(rpcOf(await client.call('notes__say', { text: 'x' })).result), /^Failed/)
    assert.equal((await listed(client)).tools.length, 8)
    assert.equal(wordsOf(rpcOf(await client.call('fresh__say', { text: 'x' })).result), 'done')
  })

  it('one that leaves the group is called there no more, with no token from before', async () => {
    const task = await open()
    const client = await at(task)
    await group('notes')
    assert.equal((await client.call('fresh__say', { text: 'gone' })).status, 401)
    assert.equal(
      rpcOf(await (await at(task)).call('fresh__say', { text: 'gone' })).error?.code,
      -32602,
    )
    assert.notEqual(fresh.said.at(-1), 'gone')
    await group('notes', 'fresh')
  })

  it('a call that people have to approve goes the same ways, and its task is asked about there', async () => {
    const client = await at(await open(), TASKS)
    const { result } = rpcOf(await client.call('notes__erase', { what: 'x' }))
    assert.equal(result.resultType, 'task')
    const request = await findRequest(world().rooms.decisions, result.taskId)
    assert.equal(request?.resource, 'notes')
    await say(world(), `${world().issuer}/approvals/${result.taskId}`, /^Approve once/)
    const content = [{ type: 'resource_link', uri: 'note://2', name: 'two' }]
    notes.play(on('tools/call', ({ message }, reply) => answer(reply, message.id, { content })))
    const done = rpcOf(await client.request('tasks/get', { taskId: result.taskId })).result
    assert.equal(done.status, 'completed')
    assert.equal(done.result.content[0].uri, 'notes+note://2')
    const again = rpcOf(await client.call('notes__erase', { what: 'x' })).result
    assert.equal(again.content[1].uri, 'notes+note://2')
    assert.equal(again._meta['remit/told-again'], true)
  })

  it('a state is good for its call at its member only', async () => {
    const client = await at(await open(), { elicitation: { url: {} } })
    const { result } = rpcOf(await client.call('notes__erase', { what: 'y' }))
    assert.equal(result.resultType, 'input_required')
    const more = {
      requestState: result.requestState,
      inputResponses: { 'remit/approval': { action: 'decline' } },
    }
    assert.match(
      wordsOf(rpcOf(await client.call('notes__erase', { what: 'y' }, more)).result),
      /^PENDING/,
    )
    assert.equal(rpcOf(await client.call('fresh__say', { text: 'y' }, more)).error?.code, -32602)
  })

  it('a token for all of them holds nothing that policies let nobody have a token for', async () => {
    const { rooms } = world()
    const { version } = await rooms.policies.active()
    const { text } = await rooms.policies.version(version)
    const rule = `\n@id("no-tokens") forbid (principal, action == Action::"issue:access_token:token_exchange", resource == Resource::"fresh");\n`
    const task = await open()
    await publishPolicies(rooms.policy, { text: text + rule, by: await by(), note: '' })
    const { tools } = await listed(await at(task))
    assert.ok(tools.every(({ name }: { name: string }) => name.startsWith('notes__')))
    const refused = rpcOf(await (await at(task)).call('fresh__say', { text: 'n' })).result
    assert.equal(refused.isError, true)
    assert.notEqual(fresh.said.at(-1), 'n')
    await publishPolicies(rooms.policy, { text, by: await by(), note: '' })
  })

  it('a client that knows the one address is allowed what its person left of each member', async () => {
    const id = await by()
    const ceiling = details()
    const rule = { name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ceiling } as const
    await addAdmissionRule(world().rooms.agents, { ...rule, ownerId: id, by: id })
    const stranger = await Stranger.arrive(world())
    await stranger.knock(all.identifier)
    const page = await stranger.ask()
    assert.match(page.text, /It stands for notes http\S+\/notes , new http/)
    for (const words of ['Say at notes', 'Say at new']) assert.ok(page.text.includes(words))
    const back = await stranger.answered(page)
    await stranger.transport(all.identifier).finishAuth(back.searchParams.get('code') ?? '')
    const client = await stranger.connect(all.identifier)
    const { tools } = await client.listTools()
    assert.equal(tools.length, 8)
    const called = { name: 'fresh__say', arguments: { text: 'by a stranger' } }
    assert.equal(wordsOf(await client.callTool(called)), 'done')
    assert.equal(fresh.said.at(-1), 'by a stranger')
    const refreshed = await stranger.refresh({ resource: all.identifier })
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body))
    await client.close()
  })

  it('groups are made of MCP servers here, and of nothing else', async () => {
    const api = await world().api('ada')
    const put = async (name: string, body: object) =>
      (await api.send('PUT', `/resources/${name}/members`, body)).body.code
    assert.equal(await put('more', { members: ['office'] }), 'catalog.bad_resource')
    assert.equal(await put('more', { members: ['orders'] }), 'catalog.bad_resource')
    assert.equal(await put('more', { members: ['nobody'] }), 'catalog.bad_resource')
    assert.equal(await put('more', { members: ['notes', 'notes'] }), 'catalog.bad_resource')
    assert.equal(await put('notes', { members: ['fresh'] }), 'catalog.exists')
    assert.equal(await put('more', { members: [] }), 'request.malformed')
    const connect = { connection: 'echo-key' }
    const connected = await api.send('PUT', '/resources/office/connection', connect)
    assert.equal(connected.body.code, 'catalog.bad_resource')
    const imported = await api.send('PUT', '/resources/office', { mcp: notes.url })
    assert.equal(imported.body.code, 'catalog.exists')
  })
})
