import assert from 'node:assert/strict'
import { it } from 'node:test'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import type { OpenTask } from '../agent.ts'
import type { OddRequest } from '../mcp/place.ts'
import { type Answer, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { DONE, MESSAGE, standing, TASK, VERSION } from './scripted.ts'

const JSON_TYPE = { 'content-type': 'application/a2a+json' }

/** Reason of an error as AIP-193 has it. */
function reasonOf({ body }: Answer): string {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  const { code, details, status } = (body as any).error
  return `${code} ${status} ${details[0]?.reason}`
}

inOneWorld('A2A by HTTP+JSON', (world) => {
  const at = standing(world)

  async function begin(task?: OpenTask) {
    const session = await at.place.bare(task ?? (await at.place.open()))
    return (method: string, path: string, body?: object | string, odd: OddRequest = {}) => {
      const headers = { ...VERSION, ...(body === undefined ? {} : JSON_TYPE), ...odd.headers }
      return session.send(body, { ...odd, method, path, headers })
    }
  }

  const refuses = async (
    rest: Awaited<ReturnType<typeof begin>>,
    ...asked: Parameters<typeof rest>
  ) => {
    const before = at.calls().length
    const told = await rest(...asked)
    assert.equal(at.calls().length, before, `${asked[1]} reached the agent`)
    return told
  }

  it('is offered by the card, at the same address, and answers with the media type of A2A', async () => {
    const { body } = await send(`${at.place.identifier}/.well-known/agent-card.json`)
    const url = at.place.identifier
    assert.deepEqual(body.supportedInterfaces, [
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ])
    at.result({ task: TASK })
    const rest = await begin()
    const told = await rest('POST', '/message:send', { message: MESSAGE })
    assert.deepEqual(
      [told.status, told.headers['content-type']],
      [200, 'application/a2a+json'],
      told.text,
    )
    assert.deepEqual(Object.keys(told.body), ['task'])
    assert.equal(at.calls().at(-1)?.message.method, 'SendMessage', 'the agent hears JSON-RPC')
    const queried = await rest(
      'POST',
      '/message:send?A2A-Version=1.0',
      { message: MESSAGE },
      { headers: { 'a2a-version': undefined } },
    )
    assert.equal(queried.status, 200, queried.text)
  })

  it('versions that disagree, are others, or are not said, are refused', async () => {
    const rest = await begin()
    const attempts: readonly (readonly [string, string | undefined])[] = [
      ['/tasks/x?A2A-Version=0.3', '1.0'],
      ['/tasks/x?A2A-Version=1.0&A2A-Version=0.3', undefined],
      ['/tasks/x?A2A-Version=1.0', '0.3'],
      ['/tasks/x?A2A-Version=', '1.0'],
      ['/tasks/x?a2a-version=1.0', undefined],
      ['/tasks/x', undefined],
    ]
    for (const [path, version] of attempts) {
      const told = await refuses(rest, 'GET', path, undefined, {
        headers: { 'a2a-version': version },
      })
      assert.equal(reasonOf(told), '400 FAILED_PRECONDITION VERSION_NOT_SUPPORTED', path)
    }
  })

  it('a path has one reading: what is encoded is no slash and no verb, and a verb has its method', async () => {
    const rest = await begin()
    at.result({ task: { ...TASK, id: 'T:cancel' } })
    const made = await rest('POST', '/message:send', { message: MESSAGE })
    // biome-ignore lint/suspicious/noExplicitAny: as it came
    const { id } = (made.body as any).task
    at.result({ ...TASK, id: 'T:cancel' })
    const read = await rest('GET', `/tasks/${encodeURIComponent(id)}`)
    assert.equal(read.status, 200, read.text)
    assert.equal(at.calls().at(-1)?.message.method, 'GetTask')
    const status = async (method: string, path: string) =>
      (await refuses(rest, method, path, method === 'POST' ? {} : undefined)).status
    assert.equal(await status('GET', `/tasks/${id}`), 405, 'a verb that is written as one')
    assert.equal(await status('POST', `/tasks/${encodeURIComponent(id)}`), 405)
    assert.equal(await status('POST', `/tasks/${encodeURIComponent(id)}%3Acancel`), 405)
    assert.equal(await status('POST', '/message%3Asend'), 404)
    assert.equal(await status('GET', '/message:send'), 405)
    assert.equal(await status('DELETE', '/tasks/x'), 405)
    for (const path of [
      '/tasks/x:delete',
      '/tasks/x/y',
      '/tasks',
      '/v1/message:send',
      '/acme/message:send',
      '/message:send:stream',
      '/extendedAgentCard/x',
    ])
      assert.equal(await status('POST', path), path === '/tasks' ? 405 : 404, path)
    for (const path of [
      '/tasks/x%2F..%2Fy',
      '/tasks/..%2fx',
      '/tasks//x',
      '/tasks/x%5Cy',
      '/tasks/%2e%2e/x',
      '/tasks/x;y',
      '/tasks/x%00',
    ])
      assert.equal(await status('GET', path), 400, path)
  })

  it('parameters come once, in their place, and of their kind', async () => {
    const rest = await begin()
    const invalid: readonly (readonly [string, string, (object | string)?])[] = [
      ['POST', '/message:send?contextId=x', { message: MESSAGE }],
      ['POST', '/message:send', '[]'],
      ['POST', '/message:send', '"x"'],
      ['POST', '/message:send', '{'],
      ['POST', '/message:send', '{"message":{},"message":{}}'],
      ['POST', '/message:send', { message: { ...MESSAGE, role: 'ROLE_AGENT' } }],
      ['POST', '/message:send', { message: MESSAGE, tenant: 'acme' }],
      ['POST', '/message:send'],
      ['POST', '/tasks/x:cancel', { id: 'y' }],
      ['GET', '/tasks/x?id=y'],
      ['GET', '/tasks/x', { historyLength: 1 }],
      ['GET', '/tasks/x?historyLength=1&historyLength=2'],
      ['GET', '/tasks/x?historyLength=-1'],
      ['GET', '/tasks/x?historyLength=01'],
      ['GET', '/tasks/x?tenant=acme'],
      ['GET', '/tasks'],
      ['GET', '/tasks?contextId=x&includeArtifacts=yes'],
    ]
    for (const [method, path, body] of invalid) {
      const told = await refuses(rest, method, path, body)
      assert.match(reasonOf(told), /^400 INVALID_ARGUMENT /, `${method} ${path} ${told.text}`)
    }
    const xml = { headers: { 'content-type': 'application/a2a+jsonx' } }
    assert.equal((await refuses(rest, 'POST', '/message:send', '{}', xml)).status, 415)
    const hooks = '/tasks/x/pushNotificationConfigs'
    for (const [method, path] of [
      ['POST', hooks],
      ['GET', hooks],
      ['GET', `${hooks}/c`],
      ['DELETE', `${hooks}/c`],
    ] as const) {
      const told = await refuses(
        rest,
        method,
        path,
        method === 'POST' ? { url: 'http://169.254.169.254/' } : undefined,
      )
      assert.equal(reasonOf(told), '400 FAILED_PRECONDITION PUSH_NOTIFICATION_NOT_SUPPORTED')
    }
  })

  it('a task of another is unknown by each binding, and so is the id that the agent gave', async () => {
    const [mine, other] = [await begin(), await begin()]
    at.result({ task: TASK })
    // biome-ignore lint/suspicious/noExplicitAny: as it came
    const { id } = ((await mine('POST', '/message:send', { message: MESSAGE })).body as any).task
    for (const [method, path] of [
      ['GET', `/tasks/${id}`],
      ['POST', `/tasks/${id}:cancel`],
      ['GET', `/tasks/${id}:subscribe`],
      ['POST', `/tasks/${id}:subscribe`],
      ['GET', '/tasks/T1'],
      ['GET', '/tasks/req_nobody'],
    ] as const) {
      const told = await refuses(other, method, path)
      assert.equal(reasonOf(told), '404 NOT_FOUND TASK_NOT_FOUND', path)
    }
  })

  it('denials, failures and errors of the agent have their status', async () => {
    const rest = await begin()
    const never = { message: { ...MESSAGE, metadata: { skillId: 'never' } } }
    for (const verb of ['send', 'stream']) {
      const told = await refuses(rest, 'POST', `/message:${verb}`, never)
      assert.match(reasonOf(told), /^403 PERMISSION_DENIED /)
      assert.match(told.text, /"decision_id":"dec_/)
    }
    const said: readonly (readonly [number, string])[] = [
      [-32001, '404 NOT_FOUND TASK_NOT_FOUND'],
      [-32002, '400 FAILED_PRECONDITION TASK_NOT_CANCELABLE'],
      [-32005, '400 INVALID_ARGUMENT CONTENT_TYPE_NOT_SUPPORTED'],
      [-32009, '500 INTERNAL AGENT_FAILED'],
      [-32601, '501 UNIMPLEMENTED AGENT_FAILED'],
    ]
    for (const [code, expected] of said) {
      at.play(({ message }, reply) => {
        reply.setHeader('content-type', 'application/json')
        const error = { code, message: 'no', data: [{ secret: 1 }] }
        return Boolean(reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error })))
      })
      const told = await rest('POST', '/message:send', { message: MESSAGE })
      assert.equal(reasonOf(told), expected)
      assert.doesNotMatch(told.text, /secret/)
    }
    const closed = await send(`${at.place.identifier}/tasks/x`)
    assert.equal(closed.status, 401)
    assert.ok(closed.headers['www-authenticate'])
  })

  it('a stream has bare events, and ends with an error of its own kind when the agent lies or floods', async () => {
    const rest = await begin()
    const events = (task: object, ...more: object[]) =>
      at.play(({ message }, reply) => {
        const each = [{ task }, ...more].map((result) => ({
          jsonrpc: '2.0',
          id: message.id,
          result,
        }))
        stream(reply, ...each)
        return true
      })
    events(TASK, { task: { ...TASK, id: 'T2' } })
    const lied = await rest('POST', '/message:stream', { message: MESSAGE })
    assert.equal(lied.headers['content-type'], 'text/event-stream')
    const [first = '', second = ''] = lied.text.trim().split('\n\n')
    assert.match(first, /^event: message\ndata: \{"task":\{/)
    assert.match(second, /^event: error\ndata: \{"error":\{"code":500,"status":"INTERNAL"/)
    assert.match(second, /"reason":"INVALID_AGENT_RESPONSE"/)
    const huge = { text: 'x'.repeat(11 << 20) }
    events({
      ...TASK,
      status: { ...DONE, message: { messageId: 'a', role: 'ROLE_AGENT', parts: [huge] } },
    })
    const flooded = await rest('POST', '/message:stream', { message: MESSAGE })
    assert.equal(flooded.status, 500, 'nothing was passed on, so the status tells it')
    assert.ok(flooded.text.length < 10_000)
    at.play(({ message }, reply) => answer(reply, message.id, { task: TASK }))
    const whole = await rest('POST', '/message:stream', { message: MESSAGE })
    assert.match(whole.text, /^event: message\ndata: \{"task":\{/)
  })

  it('a proof for one address is none for another, by either binding', async () => {
    at.result({ task: TASK })
    const task = await at.place.open()
    const rest = await begin(task)
    const token = await at.place.token(task)
    for (const path of ['', '/message:stream', '/tasks']) {
      const url = at.place.identifier + path
      const dpop = await world().agent.proof(task.key, { method: 'POST', url, token })
      const odd = { token, headers: { dpop } }
      const told = await refuses(rest, 'POST', '/message:send', { message: MESSAGE }, odd)
      assert.equal(told.status, 401, path)
    }
  })
})
