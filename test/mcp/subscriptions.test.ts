import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { after, afterEach, before, it } from 'node:test'
import { answer } from '../../src/net/mcp/testing.ts'
import type { OpenTask } from '../agent.ts'
import { until } from '../until.ts'
import { inOneWorld } from '../world.ts'
import { Place, rpcOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { connectNew, metaFor, REVISION, Stateless } from './stateless.ts'

/** The messages in a piece of an answer, JSON or events; comments are none. */
function messagesIn(piece: string): unknown[] {
  if (piece.startsWith('{')) return [JSON.parse(piece)]
  return Array.from(piece.matchAll(/^data: (.*)$/gm), ([, data = '']) => JSON.parse(data))
}

const ID = 'io.modelcontextprotocol/subscriptionId'

inOneWorld(
  'subscriptions of MCP 2026-07-28',
  (world) => {
    let notes: Awaited<ReturnType<typeof serveNotes>>
    let place: Place

    before(async () => {
      notes = await serveNotes()
      place = await Place.add(world(), { name: 'notes', url: notes.url })
    })
    afterEach(() => notes.play(() => false))
    after(() => notes.close())

    /** Opens a stream by hand; its messages are read one by one. */
    async function listening(task: OpenTask, notifications: object) {
      const bare = await place.bare(task)
      const params = { notifications, _meta: metaFor() }
      const message = { jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params }
      const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': 'subscriptions/listen' }
      const stream: IncomingMessage = await bare.begin(message, { headers })
      const events = stream[Symbol.asyncIterator]()
      const waiting: unknown[] = []
      // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
      const next = async (): Promise<any> => {
        if (waiting.length > 0) return waiting.shift()
        const { done, value } = await events.next()
        if (done) return undefined
        waiting.push(...messagesIn(String(value)))
        return next()
      }
      return { leave: () => stream.destroy(), next, status: stream.statusCode }
    }

    it('say what is honoured first, and nothing that was not asked for', async () => {
      const { leave, next } = await listening(await place.open(), {
        toolsListChanged: true,
        promptsListChanged: false,
        resourceSubscriptions: ['note://1'],
        taskIds: ['req_x'],
        odd: true,
      })
      assert.deepEqual(await next(), {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true }, _meta: { [ID]: 'l' } },
      })
      leave()
    })

    it('end with the task, in so many words', async () => {
      const task = await place.open()
      const { next } = await listening(task, { toolsListChanged: true })
      await next()
      await world().agent.about(task, 'DELETE', '')
      const told = await next()
      assert.deepEqual(
        [told.method, told.params._meta[ID]],
        ['notifications/tools/list_changed', 'l'],
      )
      const { id, result } = await next()
      assert.deepEqual([id, result.resultType, result._meta[ID]], ['l', 'complete', 'l'])
      assert.equal(await next(), undefined)
    })

    it('are for those who may ask, so many at once, and leaving makes room', async () => {
      const task = await place.open()
      const client = await Stateless.at(place, task)
      const bad = rpcOf(await client.request('subscriptions/listen', {}))
      assert.equal(bad.error.code, -32602)
      const stranger = await client.request('subscriptions/listen', {}, { token: 'a.b.c' })
      assert.equal(stranger.status, 401)
      const open = async () => {
        const one = await listening(task, { toolsListChanged: true })
        const first = await one.next()
        if (first.method) return one
        assert.equal(first.error.message, 'too many subscriptions')
        return undefined
      }
      const held = [await open(), await open(), await open(), await open()]
      assert.ok(held.every(Boolean))
      assert.equal(await open(), undefined)
      held[0]?.leave()
      const again = await until(open)
      for (const each of [...held, again]) each?.leave()
    })

    it('tell the official client that a tool is not there any more, and its list says so', async () => {
      const client = await connectNew(world(), place, await place.open(), 'auto')
      const names = async () => (await client.listTools()).tools.map(({ name }) => name)
      assert.ok((await names()).includes('say'))
      const heard: string[] = []
      client.setNotificationHandler('notifications/tools/list_changed', () => {
        heard.push('tools')
      })
      client.setNotificationHandler('notifications/prompts/list_changed', () => {
        heard.push('prompts')
      })
      await client.listen({ toolsListChanged: true })
      notes.play(
        on('tools/list', ({ message }, reply) =>
          answer(reply, message.id, {
            tools: [{ name: 'say', description: 'Another.', inputSchema: { type: 'object' } }],
          }),
        ),
      )
      await until(async () => heard.length > 0 || undefined)
      assert.deepEqual(heard, ['tools'])
      assert.ok(!(await names()).includes('say'), 'it is quarantined')
    })
  },
  { mcp: { progressEvery: 20, definitionsEvery: 50 } },
)
