import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import type { OpenTask } from '../agent.ts'
import { until } from '../until.ts'
import { inEachWorld } from '../world.ts'
import { erase, PAGE, pageOf, say, standing } from './asking.ts'
import { Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { connectNew, metaFor, REVISION, Stateless } from './stateless.ts'

const URL_MODE = { elicitation: { url: {} } }
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
const PATIENT = { hold: { withProgress: 60_000, without: 60_000 }, progressEvery: 20, lookEvery: 5 }
const CALL = { name: 'erase', arguments: { what: 'a' } }
const QUESTION = 'remit/approval'

inEachWorld(
  'a call of 2026-07-28 that needs approval',
  (world) => {
    const at = standing(world)
    const calls = () => at.notes.calls().length

    for (const mode of ['auto', { pin: REVISION }] as const) {
      it(`opens the page with the official client (${JSON.stringify(mode)}), and is executed once`, async () => {
        const before = calls()
        const task = await at.place.open()
        const client = await connectNew(world(), at.place, task, mode, { capabilities: URL_MODE })
        const asked: string[] = []
        client.setRequestHandler('elicitation/create', async ({ params }) => {
          assert.ok(params.mode === 'url')
          asked.push(params.message)
          assert.match(params.url, PAGE)
          assert.equal(calls(), before, 'nothing is sent before')
          await say(world(), params.url, /^Approve once/)
          return { action: 'accept' }
        })
        assert.equal(wordsOf(await client.callTool(CALL)), 'done')
        assert.equal(calls(), before + 1)
        assert.match(asked[0] ?? '', /^This call waits for approval by anyone in finance\./)
        const again = await client.callTool(CALL)
        assert.equal(again._meta?.['remit/told-again'], true)
        assert.equal(calls(), before + 1)
        assert.equal(asked.length, 1)
      })
    }

    it('is held once the page was opened: that it was opened is no approval', async () => {
      const before = calls()
      const task = await at.place.open()
      const client = await connectNew(world(), at.place, task, 'auto', { capabilities: URL_MODE })
      let page = ''
      client.setRequestHandler('elicitation/create', ({ params }) => {
        page = 'url' in params ? String(params.url) : ''
        return { action: 'accept' }
      })
      const words: string[] = []
      const holding = client.callTool(CALL, {
        onprogress: ({ message }) => words.push(message ?? ''),
      })
      await until(async () => words.length > 1 || undefined)
      assert.equal(calls(), before)
      await say(world(), page, /^Approve once/)
      assert.equal(wordsOf(await holding), 'done')
      assert.equal(calls(), before + 1)
    })

    it('is pending at once when the page is not opened, and the retry attaches', async () => {
      for (const action of ['decline', 'cancel'] as const) {
        const before = calls()
        const task = await at.place.open()
        const client = await connectNew(world(), at.place, task, 'auto', { capabilities: URL_MODE })
        client.setRequestHandler('elicitation/create', () => ({ action }))
        const told = await client.callTool(CALL)
        assert.match(wordsOf(told), /^PENDING, not executed/)
        assert.equal(calls(), before)
        await say(world(), await pageOf(world(), task), /^Approve once/)
        assert.equal(wordsOf(await client.callTool(CALL)), 'done')
        assert.equal(calls(), before + 1)
      }
    })

    it('is held with progress for the official client at its defaults', async () => {
      const task = await at.place.open()
      const client = await connectNew(world(), at.place, task, 'legacy', { capabilities: URL_MODE })
      client.setRequestHandler('elicitation/create', () => assert.fail('nobody asks'))
      const words: string[] = []
      const holding = client.callTool(CALL, {
        onprogress: ({ message }) => words.push(message ?? ''),
      })
      const page = await until(async () => PAGE.exec(words[0] ?? '')?.[0])
      await say(world(), page, /^Approve once/)
      assert.equal(wordsOf(await holding), 'done')
    })

    it('is asked about by a page for prompts, too, and denied in the words of people', async () => {
      const task = await at.place.open()
      const client = await connectNew(world(), at.place, task, 'auto', { capabilities: URL_MODE })
      client.setRequestHandler('elicitation/create', async ({ params }) => {
        await say(world(), 'url' in params ? String(params.url) : '', /^Deny/, {
          reason: 'not this one',
        })
        return { action: 'accept' }
      })
      await assert.rejects(
        client.getPrompt({ name: 'greet', arguments: { who: 'x' } }),
        /a person denied this call: not this one/,
      )
    })

    async function asked(task: OpenTask, args: object = { what: 'a' }) {
      const client = await Stateless.at(at.place, task, URL_MODE)
      const { result } = rpcOf(await client.call('erase', args))
      assert.equal(result.resultType, 'input_required')
      for (const name of ['ttlMs', 'cacheScope', 'content']) assert.equal(result[name], undefined)
      const state: string = result.requestState
      return {
        client,
        result,
        state,
        accepted: { requestState: state, inputResponses: { [QUESTION]: { action: 'accept' } } },
      }
    }

    it('its state is short, says nothing, and is of use to this call of this task only', async () => {
      const before = calls()
      const task = await at.place.open()
      const { accepted, client, state } = await asked(task)
      assert.ok(state.length < 2_048, String(state.length))
      assert.ok(!Buffer.from(state, 'base64url').toString('latin1').includes(task.id))
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const refused = async (told: Awaited<ReturnType<typeof client.call>>, what: string) => {
        const { error } = rpcOf(told)
        assert.equal(error?.code, -32602, `${what} ${told.text}`)
        assert.match(error.message, /`requestState` is not of this call/)
      }
      const at_ = state.length >> 1
      const altered = `${state.slice(0, at_)}${state[at_] === 'A' ? 'B' : 'A'}${state.slice(at_ + 1)}`
      for (const requestState of [
        altered,
        '',
        'x',
        `${state}A`,
        state.slice(1),
        'A'.repeat(100_000),
        7,
        null,
        {},
      ])
        await refused(
          await client.call('erase', { what: 'a' }, { ...accepted, requestState }),
          JSON.stringify(requestState).slice(0, 20),
        )
      for (const inputResponses of ['x', 7, null, []])
        await refused(
          await client.call('erase', { what: 'a' }, { ...accepted, inputResponses }),
          JSON.stringify(inputResponses),
        )
      await refused(await client.call('erase', { what: 'b' }, accepted), 'other arguments')
      await refused(await client.call('say', { text: 'a' }, accepted), 'another tool')
      await refused(
        await client.request('prompts/get', {
          name: 'greet',
          arguments: { who: 'x' },
          ...accepted,
        }),
        'another method',
      )
      const other = await Stateless.at(at.place, await at.place.open(), URL_MODE)
      await refused(await other.call('erase', { what: 'a' }, accepted), 'another task')
      const stranger = await client.call('erase', { what: 'a' }, accepted, { token: 'a.b.c' })
      assert.equal(stranger.status, 401, 'nothing is said to strangers')
      const older = await at.place.session(task)
      const unknown = await older.request('tools/call', { ...CALL, ...accepted })
      assert.equal(rpcOf(unknown).error.code, -32602, 'a session has no states')
      assert.equal(calls(), before)
      assert.equal(
        wordsOf(rpcOf(await client.call('erase', { what: 'a' }, accepted)).result),
        'done',
      )
      const again = rpcOf(await client.call('erase', { what: 'a' }, accepted)).result
      assert.equal(again._meta['remit/told-again'], true, 'used once, whoever shows it again')
      assert.equal(calls(), before + 1)
    })

    it('answers without a state, and to other questions, are ignored', async () => {
      const { accepted, client, state } = await asked(await at.place.open())
      const { inputResponses } = accepted
      for (const odd of [
        { inputResponses },
        { requestState: state },
        { requestState: state, inputResponses: { other: { action: 'accept' } } },
      ]) {
        const { result } = rpcOf(await client.call('erase', { what: 'a' }, odd))
        assert.equal(result.resultType, 'input_required', JSON.stringify(odd))
      }
    })

    it('many retries at once execute it once', async () => {
      const before = calls()
      const task = await at.place.open()
      const { accepted, client } = await asked(task)
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const all = await Promise.all(
        Array.from({ length: 6 }, () => client.call('erase', { what: 'a' }, accepted)),
      )
      assert.equal(calls(), before + 1)
      assert.equal(all.filter((each) => !rpcOf(each).result._meta['remit/told-again']).length, 1)
    })

    it('is never answered with a page or a task that the client did not declare', async () => {
      for (const capabilities of [
        {},
        { elicitation: {} },
        { elicitation: { form: {} } },
        { sampling: { url: {} } },
        { url: {} },
      ]) {
        const task = await at.place.open()
        const client = await Stateless.at(at.place, task, capabilities)
        const holding = client.call('erase', { what: 'a' })
        await say(world(), await pageOf(world(), task), /^Approve once/)
        assert.equal(wordsOf(rpcOf(await holding).result), 'done', JSON.stringify(capabilities))
      }
    })

    it('begins to be answered at once when it is held, and says nothing before the answer', async () => {
      const task = await at.place.open()
      const bare = await at.place.bare(task)
      const params = { ...CALL, _meta: metaFor() }
      const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call' }
      const message = { jsonrpc: '2.0', id: 'h', method: 'tools/call', params }
      const began = await bare.begin(message, { headers: { ...headers, 'mcp-name': 'erase' } })
      assert.equal(began.headers['content-type'], 'text/event-stream')
      assert.equal(began.headers['x-accel-buffering'], 'no')
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const text = Buffer.concat(await began.toArray()).toString()
      assert.match(text, /^:\n\n/)
      const messages = Array.from(text.matchAll(/^data: (.*)$/gm), ([, data = '']) =>
        JSON.parse(data),
      )
      assert.deepEqual(
        messages.map(({ id, method }) => [id, method]),
        [['h', undefined]],
      )
    })

    it('becomes a task where the client declares it, and the next question executes it', async () => {
      const before = calls()
      const task = await at.place.open()
      const client = await Stateless.at(at.place, task, TASKS)
      const created = rpcOf(await client.call('erase', { what: 'a' })).result
      assert.deepEqual([created.resultType, created.status], ['task', 'working'])
      assert.match(created.statusMessage, /^Waiting for approval by anyone in finance – http/)
      const { taskId } = created
      const get = async () => rpcOf(await client.request('tasks/get', { taskId })).result
      for (let poll = 0; poll < 2; poll++) {
        const waiting = await get()
        assert.deepEqual(
          [waiting.resultType, waiting.status, waiting.taskId],
          ['complete', 'working', taskId],
        )
      }
      const updated = rpcOf(await client.request('tasks/update', { taskId, inputResponses: {} }))
      assert.equal(updated.result.resultType, 'complete')
      assert.equal(calls(), before)
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const all = await Promise.all([get(), get(), get()])
      assert.equal(calls(), before + 1)
      for (const each of all) assert.ok(['working', 'completed'].includes(each.status))
      const done = await get()
      assert.equal(done.status, 'completed')
      assert.match(wordsOf(done.result), /done$/)
      assert.equal(calls(), before + 1)
      assert.deepEqual(
        at.notes.calls().at(-1)?.message.params,
        { name: 'erase', arguments: { what: 'a' } },
        'it is the call that was approved',
      )
    })

    it('as a task keeps its arguments to the digit', async () => {
      const task = await at.place.open()
      const client = await Stateless.at(at.place, task, TASKS)
      const bare = await at.place.bare(task)
      const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase","arguments":{"amount":1.10,"what":"é"},"_meta":{"io.modelcontextprotocol/protocolVersion":"${REVISION}","io.modelcontextprotocol/clientCapabilities":${JSON.stringify(TASKS)}}}}`
      const headers = {
        'mcp-protocol-version': REVISION,
        'mcp-method': 'tools/call',
        'mcp-name': 'erase',
      }
      const { taskId } = rpcOf(await bare.send(text, { headers })).result
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const done = rpcOf(await client.request('tasks/get', { taskId })).result
      assert.equal(done.status, 'completed', JSON.stringify(done))
      assert.match(at.notes.calls().at(-1)?.text ?? '', /"amount":1\.10/)
    })

    it('as a task is denied, withdrawn, and nobody else’s', async () => {
      const before = calls()
      const mine = await at.place.open()
      const client = await Stateless.at(at.place, mine, TASKS)
      const make = async (what: string): Promise<string> =>
        rpcOf(await client.call('erase', { what })).result.taskId
      const get = async (taskId: unknown) => rpcOf(await client.request('tasks/get', { taskId }))
      const denied = await make('a')
      await say(world(), await pageOf(world(), mine), /^Deny/, { reason: 'not this one' })
      const told = (await get(denied)).result
      assert.equal(told.status, 'completed')
      assert.match(wordsOf(told.result), /^Not executed: a person denied this call: not this one/)
      assert.equal(told.result.isError, true)

      const gone = await make('b')
      assert.equal(
        rpcOf(await client.request('tasks/cancel', { taskId: gone })).result.resultType,
        'complete',
      )
      assert.equal((await get(gone)).result.status, 'cancelled')

      const kept = await make('c')
      await say(world(), await pageOf(world(), mine), /^Approve once/)
      const other = await Stateless.at(at.place, await at.place.open(), TASKS)
      const unknown = rpcOf(await other.request('tasks/get', { taskId: 'req_none' }))
      assert.deepEqual([unknown.error.code, unknown.error.message], [-32602, 'unknown task'])
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
        const theirs = rpcOf(await other.request(method, { taskId: kept }))
        assert.deepEqual({ ...theirs, id: 0 }, { ...unknown, id: 0 }, method)
        const bare = await client.request(method, { taskId: kept }, { token: 'a.b.c' })
        assert.equal(bare.status, 401)
      }
      for (const taskId of ['x', 'req_é', 'a'.repeat(10_000), 7, null, {}])
        assert.equal((await get(taskId)).error.code, -32602, JSON.stringify(taskId).slice(0, 20))
      const silent = await Stateless.at(at.place, mine, URL_MODE)
      const without = await silent.request('tasks/cancel', { taskId: kept })
      assert.deepEqual([without.status, rpcOf(without).error.code], [400, -32021])
      assert.deepEqual(rpcOf(without).error.data.requiredCapabilities, TASKS)
      assert.equal(calls(), before, 'nobody has executed it')
      assert.equal((await get(kept)).result.status, 'completed')
      assert.equal(calls(), before + 1)
    })

    it('as a task is cut when the task ends, and is no way around it', async () => {
      const before = calls()
      const task = await at.place.open()
      const client = await Stateless.at(at.place, task, TASKS)
      const { taskId } = rpcOf(await client.call('erase', { what: 'a' })).result
      await say(world(), await pageOf(world(), task), /^Approve once/)
      await world().agent.about(task, 'DELETE', '')
      assert.equal((await client.request('tasks/get', { taskId })).status, 401)
      assert.equal(calls(), before)
    })

    it('as a task fails where its server does, and goes on when nobody waits for the answer', async () => {
      const task = await at.place.open()
      const client = await Stateless.at(at.place, task, TASKS)
      const { taskId } = rpcOf(await client.call('erase', { what: 'a' })).result
      await say(world(), await pageOf(world(), task), /^Approve once/)
      let finish = () => {}
      const running = new Promise<void>((resolve) => {
        at.notes.play(
          on('tools/call', ({ message }, reply) => {
            finish = () => {
              stream(reply, { jsonrpc: '2.0', id: message.id, error: { code: 7, message: 'no' } })
              reply.end()
            }
            resolve()
            return true
          }),
        )
      })
      const first = client.request('tasks/get', { taskId })
      await running
      const second = rpcOf(await client.request('tasks/get', { taskId })).result
      assert.equal(second.status, 'working', 'it is under way')
      finish()
      const { result } = rpcOf(await first)
      assert.equal(result.status, 'failed')
      assert.deepEqual([result.error.code, result.error.message], [7, 'no'])
    })

    it('page first, then a task, where the client declares both', async () => {
      const task = await at.place.open()
      const client = await Stateless.at(at.place, task, { ...URL_MODE, ...TASKS })
      const first = rpcOf(await client.call('erase', { what: 'a' })).result
      assert.equal(first.resultType, 'input_required')
      const accepted = {
        requestState: first.requestState,
        inputResponses: { [QUESTION]: { action: 'accept' } },
      }
      const second = rpcOf(await client.call('erase', { what: 'a' }, accepted)).result
      assert.equal(second.resultType, 'task')
    })

    it('a session is never answered with either, whatever its client declares', async () => {
      const task = await at.place.open()
      const bare = await at.place.bare(task)
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: { ...URL_MODE, ...TASKS },
        clientInfo: { name: 'x', version: '1' },
      }
      const opened = await bare.request('initialize', params)
      bare.id = String(opened.headers['mcp-session-id'])
      const holding = erase(bare, 'a')
      await say(world(), await pageOf(world(), task), /^Approve once/)
      assert.equal(wordsOf(rpcOf(await holding).result), 'done')
    })

    it('is good at its own resource only', async () => {
      const more = await serveNotes()
      try {
        const elsewhere = await Place.add(world(), { name: 'twin', url: more.url, asks: ['erase'] })
        const task = await world().open({
          details: [...at.place.details(), ...elsewhere.details()],
        })
        const { accepted } = await asked(task)
        const there = await Stateless.at(elsewhere, task, { ...URL_MODE, ...TASKS })
        assert.equal(rpcOf(await there.call('erase', { what: 'a' }, accepted)).error.code, -32602)
        const here = await Stateless.at(at.place, task, TASKS)
        const { taskId } = rpcOf(await here.call('erase', { what: 'b' })).result
        assert.equal(
          rpcOf(await there.request('tasks/get', { taskId })).error.message,
          'unknown task',
        )
      } finally {
        await more.close()
      }
    })

    it('answers of the server are passed on as before', async () => {
      at.notes.play(
        on('tools/call', ({ message }, reply) => answer(reply, message.id, { content: [] })),
      )
      const client = await Stateless.at(at.place, await at.place.open(), { ...URL_MODE, ...TASKS })
      assert.deepEqual(rpcOf(await client.call('say', { text: 'x' })).result.content, [])
    })

    it('its state has a time', async () => {
      const task = await at.place.open()
      const { accepted } = await asked(task)
      world().clock.advance(15 * 60_000)
      const late = await Stateless.at(at.place, task, URL_MODE)
      assert.equal(rpcOf(await late.call('erase', { what: 'a' }, accepted)).error.code, -32602)
      const fresh = rpcOf(await late.call('erase', { what: 'a' })).result
      assert.equal(fresh.resultType, 'input_required')
    })
  },
  { mcp: PATIENT },
)

inEachWorld(
  'a call of 2026-07-28 that people do not answer in time',
  (world) => {
    const at = standing(world)

    it('is pending after the page was opened, and is executed once when it was approved', async () => {
      const before = at.notes.calls().length
      const task = await at.place.open()
      const client = await connectNew(world(), at.place, task, 'auto', { capabilities: URL_MODE })
      client.setRequestHandler('elicitation/create', () => ({ action: 'accept' }))
      const told = await client.callTool(CALL)
      assert.match(wordsOf(told), /^PENDING, not executed/)
      await say(world(), await pageOf(world(), task), /^Approve once/)
      assert.equal(wordsOf(await client.callTool(CALL)), 'done')
      assert.equal(at.notes.calls().length, before + 1)
    })

    it('as a task has expired, and asks nobody anew', async () => {
      // People have a quarter of an hour to answer to what is critical.
      const { id: by } = await world().person('ada')
      await setRisk(world().rooms.connections, { action: 'notes.erase', risk: 'critical', by })
      const task = await at.place.open()
      const client = await Stateless.at(at.place, task, TASKS)
      const { taskId } = rpcOf(await client.call('erase', { what: 'a' })).result
      world().clock.advance(15 * 60_000)
      const late = await Stateless.at(at.place, task, TASKS)
      const { result } = rpcOf(await late.request('tasks/get', { taskId }))
      assert.equal(result.status, 'completed')
      assert.match(wordsOf(result.result), /^Not executed: no one answered in time/)
    })
  },
  { mcp: { hold: { withProgress: 60, without: 20 }, progressEvery: 10, lookEvery: 5 } },
)
