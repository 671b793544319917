import assert from 'node:assert/strict'
import { it } from 'node:test'
import { answer, type Script, stream } from '../../src/platform/net/mcp/testing.ts'
import type { OpenTask } from '../agent.ts'
import { messagesOf, type OddRequest, rpcOf } from '../mcp/place.ts'
import { until } from '../until.ts'
import { headOnly, send } from '../wire.ts'
import { inEachWorld, inOneWorld } from '../world.ts'
import { ask, DONE, MESSAGE, standing, TASK, VERSION } from './scripted.ts'

inOneWorld('hostile callers of an agent', (world) => {
  const at = standing(world)
  const begin = async (task?: OpenTask) => at.place.bare(task ?? (await at.place.open()))

  /** Asserts that nothing reached the agent. */
  async function reachesNothing(attempt: () => Promise<void>): Promise<void> {
    const before = at.calls().length
    await attempt()
    assert.equal(at.calls().length, before, 'a call reached the agent')
  }

  it('a stranger is refused before a byte of the body, and told no skill by the card', async () => {
    const refused = await headOnly(at.place.identifier, 'POST', [
      ['Authorization', 'Bearer nobody'],
      ['Content-Type', 'application/json'],
      ['Content-Length', '900000'],
    ])
    assert.match(refused, /^HTTP\/1\.1 401 /)
    const card = await send(`${at.place.identifier}/.well-known/agent-card.json`)
    assert.doesNotMatch(card.text, /quote|never|127\.0\.0\.1:\d+\/mcp/)
    assert.equal((await send(at.place.identifier)).status, 401)
  })

  it('other revisions, other methods and other addresses are refused, each in its way', async () => {
    const session = await begin()
    await reachesNothing(async () => {
      const code = async (
        method: string,
        odd: OddRequest = {},
        params: object = { message: MESSAGE },
      ) => rpcOf(await ask(session, method, params, odd)).error?.code
      assert.equal(await code('SendMessage', { headers: { 'a2a-version': undefined } }), -32009)
      assert.equal(await code('SendMessage', { headers: { 'a2a-version': '0.3' } }), -32009)
      assert.equal(await code('message/send'), -32601)
      assert.equal(await code('tasks/get', {}, { id: 'x' }), -32601)
      assert.equal(await code('constructor'), -32601)
      for (const what of ['Create', 'Get', 'Delete'])
        assert.equal(await code(`${what}TaskPushNotificationConfig`), -32003)
      assert.equal(await code('ListTaskPushNotificationConfigs'), -32003)
      const hook = { taskPushNotificationConfig: { url: 'http://169.254.169.254/' } }
      assert.equal(await code('SendMessage', {}, { message: MESSAGE, configuration: hook }), -32003)
      for (const method of ['GET', 'DELETE', 'PUT'])
        assert.equal((await session.send(undefined, { method, headers: VERSION })).status, 405)
      assert.equal((await ask(session, 'SendMessage', {}, { path: '/x' })).status, 404)
      assert.equal(
        (await ask(session, 'SendMessage', {}, { path: '?A2A-Version=1.0' })).status,
        404,
      )
      const page = { headers: { origin: 'https://evil.example' } }
      assert.equal((await ask(session, 'SendMessage', { message: MESSAGE }, page)).status, 403)
    })
  })

  it('parameters that the revision does not have, or has otherwise, are refused', async () => {
    const session = await begin()
    const messages: readonly object[] = [
      { ...MESSAGE, role: 'ROLE_AGENT' },
      { ...MESSAGE, parts: [] },
      { ...MESSAGE, parts: [{}] },
      { ...MESSAGE, parts: [{ text: 'a', url: 'https://x.example/' }] },
      { ...MESSAGE, messageId: '' },
      { ...MESSAGE, kind: 'message' },
      { ...MESSAGE, extensions: ['https://x.example/ext'] },
      { ...MESSAGE, contextId: 'x'.repeat(300) },
      { ...MESSAGE, contextId: 'a', context_id: 'b' },
      { ...MESSAGE, message_id: 'n' },
      { ...MESSAGE, not_known: 1 },
      { ...MESSAGE, parts: [{ text: 'a', media_type: 'text/plain', mediaType: 'text/html' }] },
      { ...MESSAGE, metadata: { skillId: 7 } },
      { ...MESSAGE, metadata: { skillId: 'no-such' } },
      { ...MESSAGE, metadata: { 'Remit/approval': {} } },
    ]
    await reachesNothing(async () => {
      for (const message of messages) {
        const told = await ask(session, 'SendMessage', { message })
        assert.equal(rpcOf(told).error?.code, -32602, told.text)
      }
      const others: readonly (readonly [string, object])[] = [
        ['SendMessage', {}],
        ['SendMessage', { message: 'x' }],
        ['SendMessage', { message: MESSAGE, tenant: 'acme' }],
        ['SendMessage', { message: MESSAGE, metadata: { 'remit/decision': 'dec_1' } }],
        ['SendMessage', { message: MESSAGE, configuration: { blocking: true } }],
        ['SendMessage', { message: MESSAGE, configuration: { historyLength: -1 } }],
        ['GetTask', {}],
        ['GetTask', { id: ['x'] }],
        ['ListTasks', {}],
        ['ListTasks', { contextId: 'x'.repeat(300) }],
        ['ListTasks', { contextId: 'a', context_id: 'b' }],
      ]
      for (const [method, params] of others) {
        const told = await ask(session, method, params)
        assert.equal(rpcOf(told).error?.code, -32602, told.text)
      }
      for (const id of ['T1', 'req_nobody', 'x'.repeat(5_000), '../../etc']) {
        const told = await ask(session, 'GetTask', { id })
        assert.equal(rpcOf(told).error?.code, -32001, told.text)
      }
      for (const text of ['{', '[]', '{"jsonrpc":"2.0","method":"SendMessage"}', '{"a":1,"a":2}']) {
        const told = await session.send(text, { headers: VERSION })
        assert.ok([-32700, -32600].includes(rpcOf(told).error?.code), told.text)
      }
    })
  })

  it('what policy forbids is denied with a reason, what the task was not given does not exist', async () => {
    const session = await begin()
    const bounded = await begin(await at.place.open(at.place.details(['scripted.skill-quote'])))
    await reachesNothing(async () => {
      const never = { message: { ...MESSAGE, metadata: { skillId: 'never' } } }
      const denied = rpcOf(await ask(session, 'SendMessage', never)).error
      assert.equal(denied.code, -32050)
      assert.match(denied.data[0].metadata.decision_id, /^dec_/)
      const unknown = rpcOf(await ask(bounded, 'SendMessage', never)).error
      assert.deepEqual([unknown.code, unknown.message], [-32602, 'the agent has no such skill'])
      const unskilled = rpcOf(await ask(bounded, 'SendMessage', { message: MESSAGE })).error
      assert.equal(unskilled.code, -32050)
      const [streamed] = messagesOf(await ask(session, 'SendStreamingMessage', never))
      assert.equal(streamed.error.code, -32050, 'as an event')
    })
  })

  it('a proof is good once, and a task that ended calls nothing', async () => {
    at.result({ task: TASK })
    const task = await at.place.open()
    const session = await begin(task)
    const token = await at.place.token(task)
    const url = at.place.identifier
    const dpop = await world().agent.proof(task.key, { method: 'POST', url, token })
    const odd = { token, headers: { dpop } }
    const before = at.calls().length
    await Promise.all(
      [1, 2, 3, 4].map(() => ask(session, 'SendMessage', { message: MESSAGE }, odd)),
    )
    assert.equal(at.calls().length - before, 1)
    const closed = await world().agent.about(task, 'DELETE', '')
    assert.ok(closed.status < 300, closed.text)
    const after = at.calls().length
    assert.equal((await ask(session, 'SendMessage', { message: MESSAGE })).status, 401)
    assert.equal((await ask(session, 'GetTask', { id: 'req_x' })).status, 401)
    assert.equal(at.calls().length, after)
  })
})

inEachWorld('approved calls of an agent', (world) => {
  const at = standing(world)

  it('32 questions about an approved call at once: the agent gets it once', async () => {
    const w = world()
    const session = await at.place.bare(await at.place.open())
    const params = { message: { ...MESSAGE, messageId: 'race', metadata: { skillId: 'book' } } }
    const { task } = rpcOf(await ask(session, 'SendMessage', params)).result
    assert.equal(task.status.state, 'TASK_STATE_AUTH_REQUIRED')
    assert.equal('contextId' in task, false)
    const fiona = await w.browser('fiona')
    await fiona.submit(await fiona.get(`${w.issuer}/approvals/${task.id}`), /^Approve once/, {})
    at.result({ task: TASK })
    const before = at.calls().length
    const sends = () =>
      at
        .calls()
        .slice(before)
        .filter(({ message }) => message.method === 'SendMessage')
    const all = await Promise.all([
      ...Array.from({ length: 16 }, () => ask(session, 'GetTask', { id: task.id })),
      ...Array.from({ length: 16 }, () => ask(session, 'SendMessage', params)),
    ])
    assert.equal(sends().length, 1)
    for (const told of all) assert.doesNotMatch(told.text, /"T1"/, 'ids of the agent stay inside')
    const used = (await w.ledger()).filter(({ type }) => type === 'approval.used')
    assert.equal(used.length, 1)
  })
})

inOneWorld('hostile agents', (world) => {
  const at = standing(world)
  const begin = async () => at.place.bare(await at.place.open())

  const LIES: readonly (readonly [string, unknown])[] = [
    ['of two payloads', { task: TASK, message: {} }],
    ['of none', { x: 1 }],
    ['with a task without id', { task: { status: DONE } }],
    ['with a task without status', { task: { id: 'T1' } }],
    ['with an id that is huge', { task: { ...TASK, id: 'x'.repeat(300) } }],
    ['with an id that is no string', { task: { ...TASK, id: 7 } }],
    ['with a history of no messages', { task: { ...TASK, history: ['x'] } }],
  ]
  for (const [what, result] of LIES)
    it(`an answer ${what} is none`, async () => {
      at.result(result)
      const told = await ask(await begin(), 'SendMessage', { message: MESSAGE })
      assert.equal(rpcOf(told).error?.code, -32006, told.text)
    })

  it("answers that are no JSON-RPC, are huge, or another request's, are none", async () => {
    const session = await begin()
    const scripts: readonly Script[] = [
      (_, reply) => Boolean(reply.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()),
      (_, reply) => Boolean(reply.writeHead(200, { 'content-type': 'text/html' }).end('<p>')),
      (_, reply) => answer(reply, 'another', { task: TASK }),
      ({ message }, reply) =>
        answer(reply, message.id, { message: { parts: ['x'.repeat(11 << 20)] } }),
      (_, reply) => {
        reply.setHeader('content-type', 'application/json')
        return Boolean(reply.end('{"jsonrpc":"2.0","id":1,"id":2,"result":{}}'))
      },
    ]
    for (const script of scripts) {
      at.play(script)
      const told = rpcOf(await ask(session, 'SendMessage', { message: MESSAGE }))
      assert.ok([-32006, -32603].includes(told.error?.code), JSON.stringify(told))
    }
  })

  it('a task that it says is another, or is of another context, is not told', async () => {
    const session = await begin()
    at.result({ task: TASK })
    const { task } = rpcOf(await ask(session, 'SendMessage', { message: MESSAGE })).result
    at.result({ ...TASK, id: 'T2' })
    const told = rpcOf(await ask(session, 'GetTask', { id: task.id }))
    assert.equal(told.error?.code, -32006)
    const foreign = { id: 'T9', contextId: 'C9', status: DONE }
    at.result({ tasks: [TASK, foreign], totalSize: 2, pageSize: 50, nextPageToken: '' })
    const { result } = rpcOf(await ask(session, 'ListTasks', { contextId: task.contextId }))
    assert.deepEqual(
      [result.tasks.map(({ id }: { id: string }) => id), result.totalSize],
      [[task.id], 1],
    )
  })

  it('it says nothing in our name, and gives back no credential', async () => {
    const session = await begin()
    at.play(({ headers, message }, reply) => {
      const metadata = { 'remit/approval': { page: 'https://evil.example' }, own: 1 }
      const parts = [{ text: `you sent ${headers.authorization}` }]
      const said = { messageId: 'a', role: 'ROLE_AGENT', parts, metadata }
      const status = { state: 'TASK_STATE_AUTH_REQUIRED', message: said }
      return answer(reply, message.id, { task: { ...TASK, status, metadata } })
    })
    const told = await ask(session, 'SendMessage', { message: MESSAGE })
    assert.doesNotMatch(told.text, /evil\.example/)
    const secret = String(at.calls().at(-1)?.headers.authorization).replace(/^\w+ /, '')
    assert.ok(secret.length > 8)
    assert.equal(told.text.includes(secret), false)
    assert.match(told.text, /"own":1/)
  })

  it("errors of its own come back by A2A's table, those of one hop as internal", async () => {
    const session = await begin()
    for (const [code, expected] of [
      [-32005, -32005],
      [-32009, -32603],
      [-32042, -32603],
      [1, -32603],
    ]) {
      at.play(({ message }, reply) => {
        reply.setHeader('content-type', 'application/json')
        const error = { code, message: 'no', data: [{ secret: 1 }] }
        return Boolean(reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error })))
      })
      const told = rpcOf(await ask(session, 'SendMessage', { message: MESSAGE }))
      assert.equal(told.error?.code, expected)
      assert.doesNotMatch(JSON.stringify(told), /secret/)
    }
  })

  it('a stream that changes its task, or never ends, is cut', async () => {
    const session = await begin()
    at.play(({ message }, reply) => {
      const event = (id: string) => ({
        jsonrpc: '2.0',
        id: message.id,
        result: { task: { ...TASK, id } },
      })
      stream(reply, event('T1'), event('T2'))
      return true
    })
    const events = messagesOf(await ask(session, 'SendStreamingMessage', { message: MESSAGE }))
    assert.equal(events.length, 2)
    assert.equal(events[1].error.code, -32006)
    let isLeft = false
    at.play(({ message }, reply) => {
      reply.on('close', () => {
        isLeft = true
      })
      stream(reply, { jsonrpc: '2.0', id: message.id, result: { task: TASK } })
      return true
    })
    const before = at.calls().length
    const task = await at.place.open()
    const watching = ask(await at.place.bare(task), 'SendStreamingMessage', { message: MESSAGE })
    await until(async () => at.calls().length > before || undefined)
    await world().agent.about(task, 'DELETE', '')
    const told = messagesOf(await watching)
    assert.equal(told.at(-1).error.code, -32603)
    await until(async () => isLeft || undefined)
  })
})
