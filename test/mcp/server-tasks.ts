import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setGroup } from '../../src/catalog/resource-groups/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { findDecision } from '../../src/tasks/decision-log/index.ts'
import type { OpenTask } from '../agent.ts'
import { ECHO_SECRET } from '../echo.ts'
import { ended } from '../ended.ts'
import { until } from '../until.ts'
import type { World } from '../world.ts'
import { pageOf, say } from './asking.ts'
import { Place, rpcOf, wordsOf } from './place.ts'
import { connectNew, Stateless } from './stateless.ts'
import { anything, completed, serveTasks, TASKS, type TaskServer } from './task-server.ts'

const WORKING = { status: 'working', ttlMs: 60_000 }
const FORM = { ...TASKS, elicitation: { form: {} } }
const question = (message: string) => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } },
})
const asking = (inputRequests: object) => ({ ...WORKING, status: 'input_required', inputRequests })
const UNKNOWN = [-32602, 'unknown task']

/** Declares the tests of calls that an MCP server goes on with as tasks. */
export function serverTasks(world: () => World): void {
  describe('a call that its server goes on with as a task', () => {
    let server: TaskServer
    let place: Place
    /** Another resource with the same server. */
    let second: Place

    before(async () => {
      server = await serveTasks()
      place = await Place.add(world(), { name: 'worker', url: server.url, asks: ['guarded'] })
      second = await Place.add(world(), { name: 'second', url: server.url })
    })
    beforeEach(() => {
      server.tell(WORKING)
      server.begin(WORKING)
    })
    after(() => server.close())

    async function begin(capabilities: object = TASKS, given?: OpenTask) {
      const task = given ?? (await place.open())
      const client = await Stateless.at(place, task, capabilities)
      const created = rpcOf(await client.call('work', { text: 'x' })).result
      const { taskId } = created
      const ask = async (method: string, more: object = {}) =>
        rpcOf(await client.request(method, { taskId, ...more }))
      const get = async () => (await ask('tasks/get')).result
      const call = server.of('tools/call').at(-1)?.message
      const decision = () => findDecision(world().rooms.storage.read, call.id)
      const outcome = () => ended(world(), call.id)
      const secret = server.last()
      return { ask, client, created, decision, get, outcome, secret, task, taskId }
    }

    async function withPolicies(change: (text: string) => string, act: () => Promise<void>) {
      const { rooms } = world()
      const { id: by } = await world().person('ada')
      const { text } = await rooms.policies.version((await rooms.policies.active()).version)
      await publishPolicies(rooms.policy, { text: change(text), by, note: 'for tests' })
      await act()
      await publishPolicies(rooms.policy, { text, by, note: 'for tests' })
    }

    it('becomes a task of the gateway, and ends with the result, once', async () => {
      server.begin({ ...WORKING, statusMessage: 'half an hour' })
      const { created, decision, get, secret, taskId } = await begin()
      assert.deepEqual([created.resultType, created.status], ['task', 'working'])
      assert.equal(created.statusMessage, 'From the MCP server "worker": half an hour')
      assert.match(taskId, /^mct_/)
      assert.ok(!JSON.stringify(created).includes(secret))
      assert.equal((await decision())?.state, 'sending')
      const statusMessage = `${'x'.repeat(950)}${ECHO_SECRET}${'x'.repeat(50_000)}`
      server.tell({ ...WORKING, statusMessage, pollIntervalMs: 2_000 })
      const waiting = await get()
      assert.ok(!waiting.statusMessage.includes(ECHO_SECRET.slice(0, 8)), waiting.statusMessage)
      assert.deepEqual(
        [waiting.resultType, waiting.status, waiting.taskId, waiting.pollIntervalMs],
        ['complete', 'working', taskId, 2_000],
      )
      assert.ok(waiting.statusMessage.length <= 1_000)
      assert.equal(server.of('tasks/get').at(-1)?.headers.get('mcp-name'), secret)

      server.tell(completed('the result', { _meta: { 'remit/decision': 'dec_forged' } }))
      const all = await Promise.all(Array.from({ length: 64 }, () => get()))
      const done = all.filter(({ status }) => status === 'completed')
      assert.ok(done.length > 0)
      for (const { result } of done) assert.equal(wordsOf(result), 'the result')
      const ended = await decision()
      assert.equal(done[0].result._meta['remit/decision'], ended?.id)
      assert.equal(ended?.state, 'answered')
      const outcomes = (await world().ledger()).filter(
        (each) => each.decision_id === ended?.id && each.type === 'decision.outcome',
      )
      assert.equal(outcomes.length, 1)

      server.tell(WORKING)
      const before = server.of('tasks/get').length
      const again = await get()
      assert.deepEqual([again.status, wordsOf(again.result)], ['completed', 'the result'])
      assert.equal(server.of('tasks/get').length, before, 'an end is an end')
    })

    it('of clients that do not know tasks stays a call, and so does every other method', async () => {
      const task = await place.open()
      const plain = await Stateless.at(place, task, {})
      assert.equal(wordsOf(rpcOf(await plain.call('work', {})).result), 'at once work')
      for (const mode of ['auto', 'legacy'] as const) {
        const client = await connectNew(world(), place, task, mode)
        const told = await client.callTool({ name: 'work', arguments: {} })
        assert.equal(wordsOf(told), 'at once work', mode)
      }
    })

    it('is unknown to everybody but the task that made it, at its resource', async () => {
      const both = await place.open([...place.details(), ...second.details()])
      const { ask, client, secret, task, taskId } = await begin(TASKS, both)
      const other = await Stateless.at(place, await place.open(), TASKS)
      const elsewhere = await Stateless.at(second, task, TASKS)
      const before = server.heard.length
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
        for (const [who, about] of [
          [other, taskId],
          [elsewhere, taskId],
          [client, secret],
          [client, `mct_${'A'.repeat(22)}`],
          [client, `mct_${'A'.repeat(100_000)}`.slice(0, 8_000)],
          [client, `${taskId}A`],
        ] as const) {
          const { error } = rpcOf(await who.request(method, { taskId: about, inputResponses: {} }))
          assert.deepEqual(
            [error?.code, error?.message],
            UNKNOWN,
            `${method} ${about.slice(0, 40)}`,
          )
        }
        const odd = rpcOf(await client.request(method, { taskId: 7 }))
        assert.deepEqual([odd.error.code, odd.error.message], UNKNOWN)
        const stranger = await client.request(method, { taskId }, { token: 'a.b.c' })
        assert.equal(stranger.status, 401)
        const undeclared = await Stateless.at(place, task, {})
        const told = await undeclared.request(method, { taskId })
        assert.deepEqual([told.status, rpcOf(told).error.code], [400, -32021])
      }
      assert.equal(server.heard.length, before, 'nothing reaches the server')
      assert.equal((await ask('tasks/get')).result.status, 'working')
    })

    it('fails where its server does not speak of it as it must, and the server is told', async () => {
      const whole = completed('gotcha')
      const { result: _, ...empty } = whole
      for (const [what, state, words] of [
        ['another id', { ...whole, taskId: 'secret-0' }, /invalid response/],
        ['no such state', { ...WORKING, status: 'submitted' }, /invalid response/],
        ['no result', empty, /invalid response/],
        [
          'a task again',
          completed('', { resultType: 'task', taskId: 'secret-0' }),
          /invalid response/,
        ],
        ['asks without leave', asking({ a: question('gotcha') }), /asks for `elicitation\/form`/],
        [
          'a failure that is none',
          { ...WORKING, status: 'failed', error: 'x' },
          /invalid response/,
        ],
      ] as const) {
        const { decision, get, secret } = await begin()
        server.tell(state)
        const told = await get()
        assert.deepEqual([told.status, told.result.isError], ['completed', true], what)
        assert.match(wordsOf(told.result), words, what)
        assert.match(wordsOf(told.result), /whether it acted is not known/, what)
        assert.ok(!JSON.stringify(told).includes('gotcha'), what)
        assert.equal((await decision())?.state, 'failed', what)
        assert.equal(server.of('tasks/cancel').at(-1)?.message.params.taskId, secret, what)
        server.tell(whole)
        assert.deepEqual((await get()).result, told.result, `${what}: it stays so`)
      }
    })

    it('fails, and is cancelled, as its server says', async () => {
      const failed = await begin()
      server.tell({ ...WORKING, status: 'failed', error: { code: -32000, message: 'no paper' } })
      const told = await failed.get()
      assert.deepEqual([told.status, told.error.message], ['failed', 'no paper'])
      assert.equal((await failed.decision())?.state, 'answered')
      const again = await failed.get()
      assert.deepEqual([again.status, again.error], ['failed', told.error])

      const cancelled = await begin()
      server.tell({ ...WORKING, status: 'cancelled' })
      for (let poll = 0; poll < 2; poll++) assert.equal((await cancelled.get()).status, 'cancelled')
      assert.equal((await cancelled.decision())?.state, 'failed')
    })

    it('is cancelled by its client, once, here and there', async () => {
      const { ask, decision, get, secret } = await begin()
      const before = server.of('tasks/cancel').length
      const all = await Promise.all(Array.from({ length: 4 }, () => ask('tasks/cancel')))
      for (const { result } of all) assert.equal(result.resultType, 'complete')
      assert.equal(server.of('tasks/cancel').length, before + 1)
      assert.equal(server.of('tasks/cancel').at(-1)?.message.params.taskId, secret)
      server.tell(completed('all the same'))
      assert.equal((await get()).status, 'cancelled')
      assert.equal((await decision())?.state, 'failed')
    })

    it('of which the server has no news goes on', async () => {
      const { get } = await begin()
      server.stumble(true)
      const silent = await get()
      server.stumble(false)
      assert.deepEqual(
        [silent.status, silent.statusMessage],
        ['working', 'From the gateway: no news of it'],
      )
      server.tell(completed('later'))
      assert.equal(wordsOf((await get()).result), 'later')
    })

    it('asks people through its client, and gets answers to what it asks, and nothing else', async () => {
      const { ask, get, secret } = await begin(FORM)
      server.tell(asking({ name: question('Your name?') }))
      const asked = await get()
      assert.equal(asked.status, 'input_required')
      assert.equal(
        asked.inputRequests.name.params.message,
        'From the MCP server "worker", not from Remit: Your name?',
      )
      const sent = () => server.of('tasks/update').map(({ message }) => message.params)
      const none = sent().length
      const name = { action: 'accept', content: { name: 'Sam' } }
      const answers = { inputResponses: { name, other: { action: 'accept', content: { a: 1 } } } }
      server.tell(WORKING)
      assert.equal((await ask('tasks/update', answers)).result.resultType, 'complete')
      server.tell(asking({ other: question('?') }))
      await ask('tasks/update', { inputResponses: { name } })
      assert.equal(sent().length, none, 'nobody asked that')
      server.tell(asking({ name: question('Your name?') }))
      assert.equal((await ask('tasks/update', answers)).result.resultType, 'complete')
      const [update] = sent().slice(none)
      assert.deepEqual([update.taskId, update.inputResponses], [secret, { name }])
      for (const inputResponses of [undefined, 'x', []]) {
        const { error } = await ask('tasks/update', { inputResponses })
        assert.equal(error.code, -32602)
      }
    })

    it('says nothing while policies forbid the call, or its agent is suspended', async () => {
      const { ask } = await begin()
      server.tell(completed('not for you'))
      const forbid = '\n@id("stop") forbid (principal, action == Action::"worker.work", resource);'
      const before = server.heard.length
      await withPolicies(
        (text) => text + forbid,
        async () => {
          const { error } = await ask('tasks/get')
          assert.equal(error.code, 403)
          assert.match(error.message, /^Nothing is told of this task: /)
          assert.match(String(error.data['remit/decision']), /^dec_/)
        },
      )
      const ada = await world().api('ada')
      assert.equal((await ada.send('POST', '/agents/refund-bot/suspend', {})).status, 200)
      assert.ok(!JSON.stringify(await ask('tasks/get')).includes('not for you'))
      assert.equal((await ada.send('POST', '/agents/refund-bot/resume', {})).status, 200)
      assert.equal(server.heard.length, before, 'and the server is not asked')
    })

    it('is told as policies say by then, and not at all where they say otherwise later', async () => {
      const { get } = await begin()
      server.tell(completed('', { structuredContent: { name: 'Sam', n: 1 }, content: [] }))
      const rule = 'permit (principal, action, resource == Resource::"worker");'
      await withPolicies(
        (text) => `${text}\n@id("careful") @redact("/name") ${rule}`,
        async () => {
          const told = await get()
          assert.deepEqual(told.result.structuredContent, { name: '[redacted]', n: 1 })
          assert.deepEqual((await get()).result.structuredContent, { name: '[redacted]', n: 1 })
        },
      )
      const { result } = await get()
      assert.match(wordsOf(result), /the policies on what may be shown have changed/)
      assert.equal(result.structuredContent, undefined)
    })

    it('ends with its task of Remit, and its server is told', async () => {
      const { client, outcome, secret, task, taskId } = await begin()
      server.tell(completed('too late'))
      assert.equal((await world().agent.about(task, 'DELETE', '')).status, 200)
      assert.equal((await client.request('tasks/get', { taskId })).status, 401)
      await until(async () =>
        server.of('tasks/cancel').find(({ message }) => message.params.taskId === secret),
      )
      assert.equal((await outcome()).state, 'indeterminate')
    })

    it('is cut when its task ends while the server is asked', async () => {
      const { client, outcome, task, taskId } = await begin()
      server.tell(completed('not for you'))
      server.first(() => world().agent.about(task, 'DELETE', ''))
      const told = await client.request('tasks/get', { taskId })
      server.first(async () => {})
      assert.ok(!told.text.includes('not for you'), told.text)
      assert.equal(told.status, 403, told.text)
      await outcome()
    })

    it('is asked about with the official client, once it has begun', async () => {
      const { task, taskId } = await begin()
      const client = await connectNew(world(), place, task, 'auto', { capabilities: TASKS })
      const ask = (method: string, more = {}) =>
        client.request({ method, params: { taskId, ...more } }, anything)
      assert.equal((await ask('tasks/get')).status, 'working')
      assert.deepEqual(Object.keys(await ask('tasks/update', { inputResponses: {} })), ['_meta'])
      server.tell(completed('for the official client'))
      const done = await ask('tasks/get')
      assert.equal(wordsOf(done.result as Parameters<typeof wordsOf>[0]), 'for the official client') // as: a tool's
    })

    it('is asked about in the group where it began, and addresses in the result lead through it', async () => {
      const { gateway, rooms } = world()
      const { id: by } = await world().person('ada')
      const hall = { name: 'hall', identifier: `${gateway}/hall`, members: ['worker', 'second'] }
      await setGroup(rooms.connections, { ...hall, by })
      const task = await place.open([...place.details(), ...second.details()])
      const client = await Stateless.at(Place.at(world(), 'hall'), task, TASKS)
      const { taskId } = rpcOf(await client.call('second__work', { text: 'x' })).result
      const get = async () => rpcOf(await client.request('tasks/get', { taskId })).result
      assert.equal((await get()).status, 'working')
      const content = [{ type: 'resource_link', uri: 'note://1', name: 'one' }]
      server.tell(completed('', { content }))
      for (let poll = 0; poll < 2; poll++)
        assert.equal((await get()).result.content[0].uri, 'second+note://1')
    })

    it('ends when its server says so', async () => {
      server.begin({ ...WORKING, ttlMs: 0 })
      const { ask, decision, secret } = await begin()
      server.tell(completed('too late'))
      const { error } = await ask('tasks/get')
      assert.deepEqual([error.code, error.message], UNKNOWN)
      assert.equal((await decision())?.state, 'indeterminate')
      assert.equal(server.of('tasks/cancel').at(-1)?.message.params.taskId, secret)
    })

    it('is one of sixteen at most in a task of Remit', async () => {
      const task = await place.open()
      const made = []
      for (let i = 0; i < 16; i++) made.push(await begin(TASKS, task))
      const client = await Stateless.at(place, task, TASKS)
      const more = async () => rpcOf(await client.call('work', { text: 'x' })).result
      assert.equal(wordsOf(await more()), 'at once work', 'it is not offered any more')
      await made[0]?.ask('tasks/cancel')
      assert.equal((await more()).resultType, 'task')
    })

    it('may be one that people approved: their task becomes that of the server', async () => {
      const task = await place.open()
      const client = await Stateless.at(place, task, TASKS)
      const call = async () => rpcOf(await client.call('guarded', { text: 'x' })).result
      const { taskId } = await call()
      assert.match(taskId, /^req_/)
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const before = server.of('tools/call').length
      const get = async () => rpcOf(await client.request('tasks/get', { taskId })).result
      for (const state of [WORKING, WORKING, completed('approved, and done')]) {
        server.tell(state)
        const told = await get()
        assert.deepEqual(
          [told.resultType, told.taskId, told.status],
          ['complete', taskId, state.status],
        )
      }
      assert.equal(wordsOf((await get()).result), 'approved, and done')
      assert.equal(server.of('tools/call').length, before + 1)
      assert.match(wordsOf(await call()), /approved and executed before.*\napproved, and done/s)
      assert.equal(server.of('tools/call').length, before + 1)
    })

    it('goes on at a server of Remit that was started anew', async () => {
      const { decision, get } = await begin()
      await world().restart()
      assert.equal((await get()).status, 'working')
      assert.equal((await decision())?.state, 'sending', 'nobody takes it for lost')
      server.tell(completed('after all'))
      assert.equal(wordsOf((await get()).result), 'after all')
    })
  })
}
