import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { findAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { signInPerson } from '../../src/identity/identity-providers/index.ts'
import { answer } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import type { OpenTask } from '../agent.ts'
import { inOneWorld } from '../world.ts'
import { Place, rpcOf, type Session } from './place.ts'
import { on, serveNotes } from './scripted.ts'

/** Each tool of the scripted server with arguments that its schema takes. */
const CALLS: Readonly<Record<string, object>> = {
  erase: { what: 'x' },
  never: {},
  say: { text: 'x' },
  secret_door: {},
}
const ALL = Object.keys(CALLS)

inOneWorld(
  'what is listed is what can be called',
  (world) => {
    let notes: Awaited<ReturnType<typeof serveNotes>>
    let place: Place

    before(async () => {
      notes = await serveNotes()
      place = await Place.add(world(), {
        name: 'notes',
        url: notes.url,
        asks: ['erase'],
        never: ['never'],
      })
    })
    afterEach(() => notes.play(() => false))
    after(() => notes.close())

    async function listed(session: Session): Promise<string[]> {
      const { result } = rpcOf(await session.request('tools/list'))
      return result.tools.map(({ name }: { name: string }) => name)
    }

    /** Lists the tools whose calls are let through, or put to people. */
    async function callable(session: Session): Promise<string[]> {
      const names: string[] = []
      for (const [name, args] of Object.entries(CALLS)) {
        const { result } = rpcOf(await session.call(name, args))
        const refused = result === undefined || /^Not executed/.test(result.content[0]?.text ?? '')
        if (!refused) names.push(name)
      }
      return names
    }

    /**
     * Asserts that the list and the calls agree, with a fresh token, as any client would have one.
     */
    async function agree(task: OpenTask, names: readonly string[], what: string): Promise<void> {
      const session = await place.session(task)
      assert.deepEqual(await listed(session), names, what)
      assert.deepEqual(await callable(session), names, what)
    }

    async function publish(extra: string): Promise<void> {
      const { rooms } = world()
      const { id: by } = await world().person('ada')
      const set = await rooms.policies.active()
      const { text } = await rooms.policies.version(set.version)
      const bare = text.replace(/\n@id\("extra"\)[^;]*;\n/, '')
      await publishPolicies(rooms.policy, { text: bare + extra, by, note: 'for tests' })
    }

    const PERMITTED = ['erase', 'say', 'secret_door']

    it('by the details of the task', async () => {
      await agree(await place.open(), PERMITTED, 'all of it')
      for (const few of [['say'], ['erase', 'secret_door'], ['never', 'say']]) {
        const actions = few.map((name) => `notes.${name.replace('_', '-')}`)
        const names = few.filter((name) => name !== 'never')
        await agree(await place.open(place.details(actions)), names, few.join())
      }
    })

    it('when policies change while the task runs', async () => {
      const task = await place.open()
      await agree(task, PERMITTED, 'before')
      const rule = (condition: string) =>
        `\n@id("extra") forbid (principal is Agent, action == Action::"notes.say", resource)${condition};\n`
      await publish(rule(''))
      await agree(task, ['erase', 'secret_door'], 'forbidden')
      await publish(rule(' unless { principal.trust >= 1 }'))
      await agree(task, PERMITTED, 'a rule that does not hold for it')
      await publish('')
      await agree(task, PERMITTED, 'after')
    })

    it('when some arguments are forbidden, it is still listed, and the others go through', async () => {
      const session = await place.session(await place.open())
      await publish(
        '\n@id("extra") forbid (principal, action == Action::"notes.say", resource) when { context.args has text && context.args.text == "x" };\n',
      )
      assert.ok((await listed(session)).includes('say'))
      const call = async (text: string) => rpcOf(await session.call('say', { text })).result
      assert.equal((await call('x')).isError, true)
      assert.equal((await call('y')).isError, undefined)
      await publish('')
    })

    it('when the person changes groups', async () => {
      const { provider, rooms, clock } = world()
      const task = await place.open()
      const meet = (...groupValues: string[]) => {
        clock.advance(1_000)
        return signInPerson(rooms.people, {
          issuer: provider,
          subject: 'sam',
          name: 'Sam Support',
          email: undefined,
          groupValues,
          issuedAt: clock.now(),
        })
      }
      await meet()
      await agree(task, [], 'in no group')
      const words = (await place.connect(task)).getInstructions()
      assert.match(words ?? '', /^From the gateway.* nothing of this server may be used/)
      assert.match(words ?? '', /\n\nSay little\.$/)
      await meet('support')
      await agree(task, PERMITTED, 'in support again')
      assert.equal((await place.connect(task)).getInstructions(), 'Say little.')
    })

    it('when the ceiling of the agent is lowered', async () => {
      const { rooms } = world()
      const { id: by } = await world().person('ada')
      const task = await place.open()
      const agent = await findAgent(rooms.storage.read, 'refund-bot')
      const ceiling = agent?.ceiling ?? []
      const lower = place.details(['notes.say'])
      await setCeiling(rooms.agents, { agentId: 'refund-bot', ceiling: lower, by })
      await agree(task, ['say'], 'lowered')
      await setCeiling(rooms.agents, { agentId: 'refund-bot', ceiling, by })
      await agree(task, PERMITTED, 'raised again')
    })

    it('prompts and resources, too; of addresses only those that bounds let through', async () => {
      const lists = async (session: Session) =>
        Promise.all(
          ['prompts', 'resources', 'resources/templates'].map(async (kind) => {
            const { result } = rpcOf(await session.request(`${kind}/list`))
            const [list] = Object.values(result) as [{ name: string }[]] // as: the one member
            return list.map(({ name }) => name)
          }),
        )
      const only = async (actions: string[], bounds: object[] = []) =>
        place.session(await place.open(place.details(actions, bounds)))
      assert.deepEqual(await lists(await only(['notes.say'])), [[], [], []])
      assert.deepEqual(await lists(await only(['notes.prompt-greet'])), [['greet'], [], []])
      const wide = await only(['notes.read-resource'])
      assert.deepEqual(await lists(wide), [[], ['one'], ['any']])
      const bound = (value: string) => [{ path: '/uri', op: 'prefix', value }]
      const inside = await only(['notes.read-resource'], bound('note:/'))
      assert.deepEqual(await lists(inside), [[], ['one'], ['any']])
      const outside = await only(['notes.read-resource'], bound('file:///reports/'))
      assert.deepEqual(await lists(outside), [[], [], ['any']])
      notes.play(
        on('resources/read', ({ message }, reply) => answer(reply, message.id, { contents: [] })),
      )
      const read = async (session: Session) =>
        rpcOf(await session.request('resources/read', { uri: 'note://1' }))
      assert.deepEqual((await read(inside)).result.contents, [])
      assert.equal((await read(outside)).error.code, -32001)
    })

    it('what is not for the task is unknown, whatever is wrong with the arguments', async () => {
      const session = await place.session(await place.open(place.details(['notes.say'])))
      const before = notes.calls().length
      const told = async (method: string, params: object) => {
        const { error, result } = rpcOf(await session.request(method, params))
        assert.equal(result, undefined, JSON.stringify(result))
        return JSON.stringify(error)
      }
      const missing = await told('tools/call', { name: 'no_such_tool', arguments: {} })
      for (const name of ALL.filter((each) => each !== 'say'))
        for (const args of [CALLS[name] ?? {}, { odd: 1 }, { what: 7 }, { text: ['x'] }])
          assert.equal(await told('tools/call', { name, arguments: args }), missing, name)
      const unknown = await told('prompts/get', { name: 'no_such_prompt' })
      assert.match(unknown, /unknown prompt"/)
      for (const args of [{}, { who: 'x' }, { who: 'x', odd: 'y' }])
        assert.equal(await told('prompts/get', { name: 'greet', arguments: args }), unknown)
      const none = await told('resources/read', { uri: 'note://1' })
      assert.match(none, /unknown resource"/)
      assert.equal(await told('resources/read', { uri: 'note://../1' }), none)
      assert.equal(notes.calls().length, before)
    })

    it('imported anew with tools of almost the same name: a name goes on to mean what was granted', async () => {
      const task = await place.open(place.details(['notes.secret-door']))
      const alike = ['Secret_door', 'secret-door', 'secretDoor'].map((name) => ({
        name,
        inputSchema: { type: 'object' },
      }))
      const tools = [...ALL.map((name) => ({ name, inputSchema: { type: 'object' } })), ...alike]
      notes.play(on('tools/list', ({ message }, reply) => answer(reply, message.id, { tools })))
      const ada = await world().api('ada')
      const again = { mcp: notes.url, connection: 'echo-key', accept: true }
      const { body, text } = await ada.send('PUT', '/resources/notes', again)
      assert.equal((body.added as string[]).length, 3, text) // as: a list of names
      assert.deepEqual(body.removed, [])
      const session = await place.session(task)
      assert.deepEqual(await listed(session), ['secret_door'])
      const before = notes.calls().length
      for (const { name } of alike)
        assert.equal(rpcOf(await session.call(name)).error.code, -32602, name)
      assert.equal(notes.calls().length, before)
      assert.ok(rpcOf(await session.call('secret_door')).result)
    })
  },
  { mcp: { hold: { withProgress: 10, without: 5 }, lookEvery: 5 } },
)
