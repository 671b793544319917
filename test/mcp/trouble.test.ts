import assert from 'node:assert/strict'
import { it } from 'node:test'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import { findDecision } from '../../src/tasks/decision-log/index.ts'
import { closeTask } from '../../src/tasks/tasks/index.ts'
import { breakLedger, mendLedger } from '../broken-ledger.ts'
import { ECHO_SECRET } from '../echo.ts'
import { until } from '../until.ts'
import { inOneWorld, type World } from '../world.ts'
import { erase, say, standing } from './asking.ts'
import { messagesOf, rpcOf, wordsOf } from './place.ts'
import { on } from './scripted.ts'

/** The credential of every connection is gone while `work` runs. */
async function withoutCredentials(w: World, work: () => Promise<void>): Promise<void> {
  const { storage } = w.rooms
  const rows = await storage.read.selectFrom('connections').selectAll().execute()
  await storage.transaction((tx) => tx.deleteFrom('connections').execute())
  try {
    await work()
  } finally {
    await storage.transaction((tx) => tx.insertInto('connections').values(rows).execute())
  }
}

inOneWorld(
  'MCP when something breaks on the way',
  (world) => {
    const at = standing(world)

    it('the credential cannot be had: not sent, recorded so, and the approval is there for the same call', async () => {
      const w = world()
      const session = await at.place.session(await at.place.open())
      const asked = rpcOf(await erase(session, 'a')).result._meta['remit/approval']
      await say(w, asked.page, /^Approve once/)
      const before = at.notes.calls().length
      await withoutCredentials(w, async () => {
        const { result } = rpcOf(await erase(session, 'a'))
        assert.match(wordsOf(result), /^Not executed: the call could not be sent/)
        const decision = await findDecision(w.rooms.storage.read, result._meta['remit/decision'])
        assert.equal(decision?.state, 'not_sent')
        assert.equal((await session.request('resources/read', { uri: 'note://1' })).status, 200)
      })
      assert.equal(at.notes.calls().length, before)
      assert.equal(wordsOf(rpcOf(await erase(session, 'a')).result), 'done')
    })

    it('the server cannot be told of the end of a session: it has ended all the same', async () => {
      const session = await at.place.session(await at.place.open())
      await withoutCredentials(world(), async () => {
        assert.equal((await session.send(undefined, { method: 'DELETE' })).status, 204)
      })
      assert.equal((await session.request('ping')).status, 404)
    })

    it('the outcome cannot be recorded: what the server did is told, and not done again', async () => {
      const w = world()
      const session = await at.place.session(await at.place.open())
      const asked = rpcOf(await erase(session, 'b')).result._meta['remit/approval']
      await say(w, asked.page, /^Approve once/)
      const before = at.notes.calls().length
      at.notes.play(
        on('tools/call', async ({ message }, reply) => {
          await breakLedger(w.rooms.storage)
          return answer(reply, message.id, { content: [{ type: 'text', text: 'it is gone' }] })
        }),
      )
      try {
        const told = await erase(session, 'b')
        assert.equal(wordsOf(rpcOf(told).result), 'it is gone', told.text)
      } finally {
        await mendLedger(w.rooms.storage)
      }
      at.notes.play(() => false)
      const again = rpcOf(await erase(session, 'b')).result
      assert.match(wordsOf(again), /is not sent again/)
      assert.equal(at.notes.calls().length, before + 1)
    })

    it('the task ends while a list or a ping is being answered: nothing that rests on it is told', async () => {
      const w = world()
      const { catalog, decisions } = w.rooms
      for (const method of ['tools/list', 'resources/list', 'ping']) {
        const task = await at.place.open()
        const session = await at.place.session(task)
        const current = catalog.current.bind(catalog)
        let looks = 0
        catalog.current = async () => {
          // The first look finds the resource, the second one comes after the token was judged.
          if (++looks === 2)
            await closeTask(decisions, { taskId: task.id, by: 'psn_admin', reason: 'person' })
          return current()
        }
        try {
          const told = await session.request(method)
          assert.ok(looks >= 2)
          assert.equal(rpcOf(told)?.result, undefined, told.text)
          assert.notEqual(told.status, 200)
        } finally {
          catalog.current = current
        }
      }
    })

    it('a token that is none is told nothing but that, whatever it asks', async () => {
      const session = await at.place.session(await at.place.open())
      const before = at.notes.calls().length
      const forged = { token: 'a.b.c' }
      for (const [method, params] of [
        ['tools/call', { name: 'no_such_tool' }],
        ['tools/call', { name: 'say', arguments: { odd: 1 } }],
        ['tools/call', { name: 'say', arguments: { text: 'x' } }],
        ['tools/call', { name: 7 }],
        ['prompts/get', { name: 'greet' }],
        ['tools/list', { cursor: '!' }],
        ['no/such/method', {}],
      ] as const) {
        const refused = await session.request(method, params, forged)
        assert.equal(refused.status, 401, `${method} ${refused.text}`)
        assert.doesNotMatch(refused.text, /tool|argument|cursor|no\/such/)
      }
      assert.equal(at.notes.calls().length, before)
    })

    it('a server that shows its credential in progress, in an error, in other spellings: nobody sees it', async () => {
      const session = await at.place.session(await at.place.open())
      const hidden = Buffer.from(`Bearer ${ECHO_SECRET} `).toString('base64')
      at.notes.play(
        on('tools/call', ({ message }, reply) => {
          const { progressToken } = message.params._meta
          const params = { progressToken, progress: 1, message: `with ${ECHO_SECRET}` }
          stream(reply, { jsonrpc: '2.0', method: 'notifications/progress', params })
          const error = { code: -32000, message: `refused: ${ECHO_SECRET}`, data: ECHO_SECRET }
          stream(reply, { jsonrpc: '2.0', id: message.id, error })
          reply.end()
          return true
        }),
      )
      const params = { name: 'say', arguments: { text: 'x' }, _meta: { progressToken: 1 } }
      const failed = await session.request('tools/call', params)
      assert.ok(!failed.text.includes(ECHO_SECRET), failed.text)
      assert.match(failed.text, /with \*+/)
      assert.match(failed.text, /refused: \*+/)
      at.notes.play(
        on('tools/call', ({ message }, reply) =>
          answer(reply, message.id, {
            content: [{ type: 'text', text: hidden }],
            structuredContent: { [`x${ECHO_SECRET}`]: encodeURIComponent(ECHO_SECRET) },
          }),
        ),
      )
      const told = await session.call('say', { text: 'x' })
      assert.ok(!told.text.includes(ECHO_SECRET), told.text)
      const shown = wordsOf(rpcOf(told).result)
      assert.equal(shown.length, hidden.length)
      const back = Buffer.from(shown.replaceAll('*', 'A'), 'base64').toString('latin1')
      assert.ok(back.startsWith('Bearer '), back)
      assert.ok(!back.includes(ECHO_SECRET.slice(1, -1)), back)
      assert.ok(!world().log.includes(ECHO_SECRET))
    })

    it('a server that asks without end is answered for a while, and its answer still counts', async () => {
      const session = await at.place.session(await at.place.open())
      const replies = () =>
        at.notes.asked.filter(({ message: told }) => told && !told.method).length
      const before = replies()
      at.notes.play(({ message }, reply) => {
        if (message?.method !== 'tools/call') return false
        const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' })
        stream(reply, ...Array.from({ length: 200 }, (_, i) => ping(i)))
        stream(reply, { jsonrpc: '2.0', id: message.id, result: { content: [] } })
        reply.end()
        return true
      })
      const told = rpcOf(await session.call('say', { text: 'x' }))
      assert.deepEqual(told.result.content, [])
      // They need connections of their own; what comes of them has come when the calls behind them have.
      at.notes.play(() => false)
      await until(async () => replies() > before || undefined)
      for (let i = 0; i < 20; i++) await session.call('say', { text: 'x' })
      assert.ok(replies() - before <= 32, String(replies() - before))
    })

    it('progress only ever grows, from the first word about people to the last of the server', async () => {
      const task = await at.place.open()
      const session = await at.place.session(task)
      const asked = rpcOf(await erase(session, 'p')).result._meta['remit/approval']
      at.notes.play(
        on('tools/call', ({ message }, reply) => {
          const { progressToken } = message.params._meta
          for (const progress of [0, 1, 0.5, 3, 2, -1, null, '7', 4])
            stream(reply, {
              jsonrpc: '2.0',
              method: 'notifications/progress',
              params: { progressToken, progress, total: 4, message: `step ${progress}` },
            })
          stream(reply, { jsonrpc: '2.0', id: message.id, result: { content: [] } })
          reply.end()
          return true
        }),
      )
      const params = {
        name: 'erase',
        arguments: { what: 'p' },
        _meta: { progressToken: 'mine' },
      }
      const message = { jsonrpc: '2.0', id: 'grows', method: 'tools/call', params }
      const began = await session.begin(message)
      assert.equal(began.headers['content-type'], 'text/event-stream', 'it has been told to wait')
      await say(world(), asked.page, /^Approve once/)
      const text = Buffer.concat(await began.toArray()).toString()
      const messages = messagesOf({ status: 200, headers: began.headers, text, body: {} })
      const values = messages.flatMap(({ params: about }) => (about ? [about.progress] : []))
      const steps = messages.flatMap(({ params: about }) =>
        about?.message.startsWith('step') ? [about.message] : [],
      )
      assert.deepEqual(
        steps,
        ['step 0', 'step 1', 'step 3', 'step 4'],
        'none is lost behind our own words',
      )
      assert.ok(values.length > steps.length, JSON.stringify(messages))
      assert.ok(
        values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0)),
        values.join(),
      )
      assert.ok(messages.every(({ params: about }) => !about || about.progressToken === 'mine'))
      assert.deepEqual(messages.at(-1)?.result.content, [])
    })
  },
  { mcp: { hold: { withProgress: 60_000, without: 10 }, progressEvery: 5, lookEvery: 5 } },
)
