import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Denied } from 'remit-sdk'
import { until } from '../../../../test/until.ts'
import { bridge } from './bridge.ts'

interface SentMessage {
  readonly body: string
  readonly headers: Headers
  readonly signal: AbortSignal | null | undefined
}

/** A bridge whose task answers this. */
function bridged(answer: (asked: SentMessage) => Response | Promise<Response>) {
  const input = new PassThrough()
  const asked: SentMessage[] = []
  const lines: string[] = []
  const said: string[] = []
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const ended = bridge({
    task: {
      fetch: async (_, { body, headers, method, signal } = {}) => {
        if (method === 'DELETE') return new Response(null, { status: 204 })
        const one = { body: String(body), headers: new Headers(headers), signal }
        asked.push(one)
        return answer(one)
      },
    },
    begun: () => asked.length > 0,
    url: 'https://gw.example/desk',
    input,
    output: (line) => lines.push(line),
    stopped,
    say: (words) => said.push(words),
  })
  return {
    input,
    asked,
    lines,
    said,
    stop,
    ended,
    out: () => lines.map((line) => JSON.parse(line)),
  }
}

const request = (id: number | string, method = 'tools/list', params: object = {}) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
const empty = () => new Response(null, { status: 202 })
const many = async (lines: readonly unknown[], count: number) =>
  until(async () => lines.length >= count || undefined)

test('messages pass as they are written, in both directions, and one line stays one line', async () => {
  const answer = '{"jsonrpc":"2.0","id":1,\n "result":{"n":1.10,"big":12345678901234567890}}'
  const { asked, ended, input, lines } = bridged(
    () => new Response(answer, { headers: { 'content-type': 'application/json' } }),
  )
  const text =
    '{"jsonrpc":"2.0", "id":1, "method":"tools/call", "params":{"n":40.00,"big":98765432109876543210}}'
  input.write(`\n  \r\n${text}\n`)
  await many(lines, 1)
  input.end()
  assert.equal(await ended, undefined)
  assert.equal(asked[0]?.body, text)
  assert.deepEqual(lines, [`${answer.replace('\n', ' ')}\n`])
})

test('what is no message is answered and nothing of it is sent; messages behind it pass', async () => {
  const { asked, ended, input, out } = bridged(empty)
  for (const line of ['{', 'x'.repeat(5 * 1024 * 1024), '[]', '"a"', '{"id":1}', '\xff'])
    input.write(Buffer.from(`${line}\n`, 'latin1'))
  input.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  input.end('{"jsonrpc":"2.0","id":1,"method":"unfinished')
  await ended
  assert.deepEqual(
    out().map(({ error, id }) => [error.code, id]),
    [-32700, -32600, -32600, -32600, -32600, -32700].map((code) => [code, undefined]),
  )
  assert.equal(asked.length, 1)
  assert.match(asked[0]?.body ?? '', /initialized/)
})

test('requests go at the same time, but nothing overtakes a notification', async () => {
  const waiting: (() => void)[] = []
  const { asked, ended, input, lines } = bridged(async ({ body }) => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    const { id } = JSON.parse(body)
    return id === undefined ? empty() : Response.json({ jsonrpc: '2.0', id, result: {} })
  })
  input.write(request(1) + request(2))
  input.write('{"jsonrpc":"2.0","method":"notifications/a"}\n')
  input.write(request(3))
  await many(waiting, 3)
  await new Promise(setImmediate)
  assert.equal(asked.length, 3)
  for (const go of waiting.splice(0)) go()
  await many(waiting, 1)
  assert.match(asked[3]?.body ?? '', /"id":3/)
  waiting[0]?.()
  await many(lines, 3)
  input.end()
  await ended
})

test('the revision and the session that were agreed on are said', async () => {
  const { asked, ended, input, lines } = bridged(({ body }) => {
    const { id, method } = JSON.parse(body)
    const result =
      method === 'initialize' ? { protocolVersion: '2025-06-18', capabilities: {} } : {}
    return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 's' } })
  })
  input.write(request(1, 'initialize') + request(2))
  await many(lines, 2)
  input.end()
  await ended
  assert.deepEqual(
    asked.map(({ headers }) => [
      headers.get('mcp-protocol-version'),
      headers.get('mcp-session-id'),
    ]),
    [
      [null, null],
      ['2025-06-18', 's'],
    ],
  )
})

test('cancelling a request of 2026-07-28 leaves it; another one is told', async () => {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
  const { asked, ended, input } = bridged(({ body, signal }) => {
    if (JSON.parse(body).id === undefined) return empty()
    return new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason)),
    )
  })
  const cancel = (requestId: string) =>
    `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })}\n`
  input.write(request('new', 'tools/call', { name: 'a', _meta }) + request('old'))
  await many(asked, 2)
  input.write(cancel('new') + cancel('old'))
  await many(asked, 3)
  assert.deepEqual(
    asked.map(({ signal }) => signal?.aborted),
    [true, false, false],
  )
  assert.match(asked[2]?.body ?? '', /"requestId":"old"/)
  input.end()
  await ended
})

test('arguments that a tool wants in headers are put there', async () => {
  const properties = {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    deep: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } },
    bad: { type: 'string', 'x-mcp-header': 'a b' },
  }
  const { asked, ended, input, lines } = bridged(({ body }) => {
    const { id } = JSON.parse(body)
    const tools = [{ name: 'near', inputSchema: { type: 'object', properties } }]
    return Response.json({ jsonrpc: '2.0', id, result: { tools } })
  })
  input.write(request(1))
  await many(lines, 1)
  const given = { region: 'zürich', deep: { n: 3 }, bad: 'x' }
  input.write(request(2, 'tools/call', { name: 'near', arguments: given }))
  await many(lines, 2)
  input.end()
  await ended
  const headers = asked[1]?.headers
  assert.equal(headers?.get('mcp-param-region'), '=?base64?esO8cmljaA==?=')
  assert.equal(headers?.get('mcp-param-n'), '3')
})

test('who only asks for revisions is answered, and no task is opened for it', async () => {
  const { asked, ended, input, lines, out } = bridged(({ body }) =>
    Response.json({ jsonrpc: '2.0', id: JSON.parse(body).id, result: {} }),
  )
  const discover = (id: string, revision: string) =>
    request(id, 'server/discover', {
      _meta: { 'io.modelcontextprotocol/protocolVersion': revision },
    })
  input.write(discover('a', '2026-07-28'))
  await many(lines, 1)
  assert.equal(asked.length, 0)
  const { supportedVersions, ttlMs } = out()[0]?.result ?? {}
  assert.deepEqual([supportedVersions, ttlMs], [['2026-07-28', '2025-11-25', '2025-06-18'], 0])
  input.write(discover('b', '2099-01-01'))
  await many(lines, 2)
  input.write(discover('c', '2026-07-28'))
  await many(lines, 3)
  assert.equal(asked.length, 2, 'afterwards the gateway answers')
  input.end()
  await ended
})

test('a refusal is the answer of its request; a task that is over ends it', async () => {
  const codes = ['call.denied', 'task.closed']
  const { ended, input, out, lines } = bridged(() => {
    const code = codes.shift() ?? ''
    throw new Denied({ code, detail: `no: ${code}`, status: 403 })
  })
  input.write(request('a'))
  await many(lines, 1)
  input.write(request('b'))
  assert.match((await ended) ?? '', /no: task\.closed/)
  assert.deepEqual(
    out().map(({ error, id }) => [id, error.message, error.data.code]),
    [
      ['a', 'no: call.denied', 'call.denied'],
      ['b', 'no: task.closed', 'task.closed'],
    ],
  )
})

test('a client that asks too much at once, or twice under one id, is refused that', async () => {
  const { asked, ended, input, lines, out, stop } = bridged(
    ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  )
  input.write(request(1) + request(1))
  await many(lines, 1)
  assert.match(out()[0]?.error.message, /in use/)
  for (let id = 2; id <= 66; id++) input.write(request(id))
  await many(lines, 3)
  assert.deepEqual(
    out()
      .slice(1)
      .map(({ id }) => id),
    [65, 66],
  )
  assert.equal(asked.length, 64)
  stop()
  assert.equal(await ended, undefined)
  assert.ok(asked.every(({ signal }) => signal?.aborted))
})
