import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { setGroup } from '../../src/catalog/resource-groups/index.ts'
import { addPoint, removePoint } from '../../src/extensions/decision-points/index.ts'
import type { Id } from '../../src/platform/lib/id.ts'
import { answer, type Script } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { closeTask } from '../../src/tasks/tasks/index.ts'
import type { OpenTask } from '../agent.ts'
import { ECHO_SECRET } from '../echo.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { serveNew } from './new-server.ts'
import { Place, rpcOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { connectNew, type Negotiation, REVISION, Stateless } from './stateless.ts'

const COMPLETE = 'completion/complete'
const TEMPLATE = 'note://{id}'
const EMPTY = { values: [], hasMore: false }
const prompt = (name: string, required = true) => ({ name, arguments: [{ name: 'to', required }] })
const PROMPTS = [
  { name: 'greet', arguments: ['who', 'tone'].map((name) => ({ name, required: true })) },
  ...['asked', 'never', 'risky'].map((name) => prompt(name)),
  prompt('looked', false),
]
const of = (name: string, to = 'S') => ({
  ref: { type: 'ref/prompt' as const, name },
  argument: { name: name.endsWith('greet') ? 'who' : 'to', value: to },
})
const template = (uri = TEMPLATE, value = '1') => ({
  ref: { type: 'ref/resource' as const, uri },
  argument: { name: 'id', value },
})

inOneWorld('completion', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let fresh: Awaited<ReturnType<typeof serveNew>>
  let place: Place
  let young: Place
  let office: Place
  const by = async () => (await world().person('ada')).id

  const offered = on('prompts/list', ({ message }, reply) =>
    answer(reply, message.id, { prompts: PROMPTS }),
  )
  const play = (script: Script = () => false) =>
    notes.play(async (asked, reply) => (await script(asked, reply)) || offered(asked, reply))
  const says = (result: object) =>
    play(on(COMPLETE, ({ message }, reply) => answer(reply, message.id, result)))
  const asked = () => notes.asked.filter(({ message }) => message?.method === COMPLETE)
  const completed = async (client: Stateless, params: object) => {
    const given = await client.request(COMPLETE, params)
    const { error, result } = rpcOf(given)
    return { error, result, values: result?.completion, status: given.status, text: given.text }
  }
  const at = async (task?: OpenTask, where = place) =>
    Stateless.at(where, task ?? (await place.open()))

  before(async () => {
    notes = await serveNotes()
    fresh = await serveNew()
    play()
    const rules = { asks: ['prompt-asked'], never: ['prompt-never'] }
    place = await Place.add(world(), { name: 'notes', url: notes.url, ...rules })
    young = await Place.add(world(), { name: 'fresh', url: fresh.url })
    const { rooms, gateway } = world()
    const { text } = await rooms.policies.version((await rooms.policies.active()).version)
    const looks =
      '@id("looks") forbid (principal, action == Action::"notes.prompt-looked", resource) when { context.args has to && context.args.to == "secret" };'
    await publishPolicies(rooms.policy, { text: `${text}\n${looks}`, by: await by(), note: 't' })
    const risky = { action: 'notes.prompt-risky', risk: 'high' } as const
    await setRisk(rooms.connections, { ...risky, by: await by() })
    const group = { name: 'office', identifier: `${gateway}/office`, members: ['notes', 'fresh'] }
    await setGroup(rooms.connections, { ...group, by: await by() })
    office = Place.at(world(), 'office')
  })
  afterEach(() => play())
  after(() => Promise.all([notes.close(), fresh.close()]))

  const modes: [Negotiation, string][] = [
    ['legacy', '2025-11-25'],
    [{ pin: REVISION }, REVISION],
  ]
  for (const [mode, revision] of modes) {
    it(`is served to the official client, ${revision}, from servers of both generations`, async () => {
      says({ completion: { values: ['Sam', 'Sue'], total: 2, hasMore: false } })
      const client = await connectNew(world(), place, await place.open(), mode)
      assert.ok(client.getServerCapabilities()?.completions)
      const context = { arguments: { tone: 'kind' } }
      const { completion } = await client.complete({ ...of('greet'), context })
      assert.deepEqual(completion, { values: ['Sam', 'Sue'], total: 2, hasMore: false })
      assert.deepEqual(asked().at(-1)?.message.params, { ...of('greet'), context })
      assert.equal(asked().at(-1)?.headers.authorization, `Bearer ${ECHO_SECRET}`)
      await client.complete(template())
      assert.deepEqual(asked().at(-1)?.message.params, template())
      const other = await connectNew(world(), young, await young.open(), mode)
      assert.deepEqual((await other.complete(of('greet'))).completion.values, ['S!'])
    })

    it(`is served by a group, under its names, ${revision}`, async () => {
      says({ completion: { values: ['x'] } })
      const task = await world().open({ details: [...place.details(), ...young.details()] })
      const client = await connectNew(world(), office, task, mode)
      assert.deepEqual((await client.complete(of('fresh__greet'))).completion.values, ['S!'])
      assert.deepEqual(fresh.heard.at(-1)?.message.params.ref, of('greet').ref)
      await client.complete(template(`notes+${TEMPLATE}`))
      assert.deepEqual(asked().at(-1)?.message.params.ref, template().ref)
      for (const odd of [of('greet'), of('notes__gone'), template(), template('gone+x://{id}')])
        await assert.rejects(client.complete(odd), { code: -32602 })
    })
  }

  it('is served to clients of the first generation, and in the oldest revision', async () => {
    says({ completion: { values: ['Sam'] } })
    const client = await place.connect(await place.open())
    assert.deepEqual((await client.complete(of('greet'))).completion.values, ['Sam'])
    const session = await place.session(await place.open(), '2025-06-18')
    const { result } = rpcOf(await session.request(COMPLETE, of('greet')))
    assert.deepEqual(result.completion, { values: ['Sam'], hasMore: false })
  })

  it('is decided and recorded as a call of the prompt, and as one that is not whole', async () => {
    says({ completion: { values: ['Sam'] } })
    const { result } = await completed(await at(), of('greet'))
    const id = result._meta['remit/decision']
    const explained = await (await world().api('ada')).send('GET', `/decisions/${id}`)
    const { action, outcome, resource } = explained.body
    assert.deepEqual([resource, action, outcome], ['notes', 'notes.prompt-greet', 'permit'])
    const records = await until(async () => {
      const found = (await world().ledger()).filter((record) => record.decision_id === id)
      return found.some(({ type }) => type === 'decision.outcome') ? found : undefined
    })
    assert.deepEqual(
      records.map(({ facts, type }) => [
        type,
        (facts as { incomplete?: true } | undefined)?.incomplete,
      ]),
      [
        ['decision.intent', true],
        ['decision.outcome', undefined],
      ],
    )
    assert.equal(asked().at(-1)?.headers['remit-decision'], id)
  })

  it('is empty, and asks neither the server nor people, where arguments or people decide', async () => {
    const client = await at()
    const bound = [{ path: '/uri', op: 'eq', value: TEMPLATE }]
    const bounded = await at(await place.open(place.details(['notes.read-resource'], bound)))
    const before = [asked().length, (await world().ledger()).length]
    for (const name of ['asked', 'looked', 'risky'])
      assert.deepEqual((await completed(client, of(name))).values, EMPTY, name)
    assert.deepEqual((await completed(bounded, template())).values, EMPTY)
    await addPoint(world().rooms.decisions, {
      ...{ name: 'pdp', url: 'http://127.0.0.1:9/', by: 'psn_admin' },
      resources: ['notes'],
    })
    try {
      assert.deepEqual((await completed(client, of('greet'))).values, EMPTY, 'others decide')
    } finally {
      await removePoint(world().rooms.decisions, { name: 'pdp', by: 'psn_admin' })
    }
    assert.equal(asked().length, before[0])
    const later = (await world().ledger()).slice(before[1])
    const told = later.filter(({ type }) => String(type).startsWith('decision.'))
    assert.deepEqual(
      [...new Set(told.map(({ outcome, reason }) => `${outcome} ${reason}`))],
      ['deny arguments.unseen'],
      JSON.stringify(later),
    )
  })

  it('tells alike of what is unknown and of what the task was not given', async () => {
    const client = await at(await place.open(place.details(['notes.prompt-greet'])))
    const params = [of('looked'), of('gone'), of('Greet'), template(), template('file:///{+path}')]
    const errors = await Promise.all(params.map((each) => completed(client, each)))
    for (const { error } of errors) assert.deepEqual(error, errors[0]?.error)
    assert.equal(errors[0]?.error.code, -32602)
    const never = await completed(await at(), of('never'))
    assert.equal(never.error.code, 403)
  })

  it('refuses what is no completion, or a huge one', async () => {
    const client = await at()
    const sent = asked().length
    const long = 'x'.repeat(1_025)
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, 'x']))
    const { argument, ref } = of('greet')
    for (const bad of [
      {},
      { ref },
      { argument },
      { ref: 'greet', argument },
      { ref: { type: 'ref/tool', name: 'say' }, argument },
      { ref: { type: 'ref/prompt', uri: TEMPLATE }, argument },
      { ref: { type: 'ref/resource', name: 'greet' }, argument },
      { ref: { type: 'ref/prompt', name: ['greet'] }, argument },
      { ref, argument: { name: 'who', value: 7 } },
      { ref, argument: { name: 'who', value: long } },
      { ref, argument: { name: long, value: 'S' } },
      { ref, argument: { name: 'gone', value: 'S' } },
      { ref, argument, context: [] },
      { ref, argument, context: { arguments: [] } },
      { ref, argument, context: { arguments: { tone: 7 } } },
      { ref, argument, context: { arguments: { tone: long } } },
      { ref, argument, context: { arguments: many } },
      { ref, argument, context: { arguments: { gone: 'x' } } },
      { ref, argument, more: 1 },
      { ref, argument, requestState: 'x' },
    ])
      assert.equal((await completed(client, bad)).error?.code, -32602, JSON.stringify(bad))
    assert.equal(asked().length, sent)
  })

  it('sends nothing of the reference but its name', async () => {
    says({ completion: { values: [] } })
    const { argument, ref } = of('greet')
    await completed(await at(), {
      ref: { ...ref, title: 't', extra: 1 },
      argument: { ...argument, x: 1 },
    })
    assert.deepEqual(asked().at(-1)?.message.params, of('greet'))
  })

  it('passes on few and short values, and no secret', async () => {
    const client = await at()
    const values = [7, null, 'x'.repeat(1_025), `a ${ECHO_SECRET}`, ...Array(300).fill('v')]
    says({ completion: { values, total: -1, hasMore: 'no', more: 1 }, messages: [], x: 1 })
    const { result, text } = await completed(client, of('greet'))
    assert.ok(!text.includes(ECHO_SECRET))
    assert.match(result.completion.values[0], /^a \*+$/)
    assert.deepEqual([result.completion.values.length, result.completion.hasMore], [100, true])
    assert.deepEqual(Object.keys(result.completion).sort(), ['hasMore', 'values'])
    assert.ok(!('messages' in result) && !('x' in result))
    for (const odd of [{}, { completion: 'no' }, { completion: { values: {} } }]) {
      says(odd)
      assert.deepEqual((await completed(client, of('greet'))).values, EMPTY)
    }
    const code = -32601
    play(
      on(COMPLETE, ({ message }, reply) => {
        reply.setHeader('content-type', 'application/json')
        const error = { code, message: 'Method not found' }
        reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
        return true
      }),
    )
    assert.deepEqual((await completed(client, of('greet'))).values, EMPTY, 'it completes nothing')
  })

  it('counts against the limits on calls, and ends with the task', async () => {
    says({ completion: { values: ['Sam'] } })
    const task = await place.open()
    const client = await at(task)
    const ada = await world().api('ada')
    const set = await ada.send('PUT', '/limits', {
      subject: { kind: 'organization' },
      limit: { limit: 'calls', max: 1, seconds: 600 },
    })
    assert.deepEqual((await completed(client, of('greet'))).values.values, ['Sam'])
    const over = await completed(client, of('greet'))
    assert.match(over.error.message, /^Not executed/)
    await ada.send('DELETE', `/limits/${set.body.id}`)
    const sent = asked().length
    const taskId = task.id as Id<'task'> // as: the world opened it
    await closeTask(world().rooms.decisions, { taskId, by: 'psn_admin', reason: 'person' })
    assert.equal((await completed(client, of('greet'))).status, 401)
    assert.equal(asked().length, sent)
  })
})
