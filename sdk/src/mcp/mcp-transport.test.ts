import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Denied } from '../errors.ts'
import { createMcpTransport, type McpMessage } from './mcp-transport.ts'

const URL_ = 'https://gw.example/desk'
const request = (id: number, method = 'tools/call') => ({ jsonrpc: '2.0', id, method }) as const

interface ReceivedRequest {
  readonly method: string | undefined
  readonly headers: Headers
  readonly body: unknown
}

/** A transport whose task answers this, and what it told. */
function transportOf(
  answer: (asked: ReceivedRequest, init: RequestInit) => Response | Promise<Response>,
) {
  const asked: ReceivedRequest[] = []
  const told: unknown[] = []
  const errors: Error[] = []
  let closed = 0
  const transport = createMcpTransport(
    {
      fetch: async (_, init = {}) => {
        const { body, headers, method } = init
        const one = {
          method,
          headers: new Headers(headers),
          body: JSON.parse(String(body ?? 'null')),
        }
        asked.push(one)
        return answer(one, init)
      },
    },
    URL_,
  )
  transport.onmessage = (message: McpMessage) => void told.push(message)
  transport.onerror = (error) => void errors.push(error)
  transport.onclose = () => void closed++
  return { asked, errors, told, transport, closed: () => closed }
}

function events(...messages: readonly object[]): Response {
  const text = messages.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } })
}

/** Streams are read a little later. */
async function when(is: () => boolean): Promise<void> {
  for (let turns = 0; !is(); turns++) {
    assert.ok(turns < 10_000, 'it did not happen')
    await new Promise(setImmediate)
  }
}

it('keeps the session and the revision that were agreed on', async () => {
  const { asked, told, transport } = transportOf(({ body }) =>
    (body as { id?: number } | null)?.id === 1 // what was sent
      ? Response.json({ jsonrpc: '2.0', id: 1, result: {} }, { headers: { 'mcp-session-id': 's' } })
      : new Response(null, { status: 202 }),
  )
  await transport.start()
  await transport.send(request(1, 'initialize'))
  transport.setProtocolVersion('2025-11-25')
  const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' } as const
  await transport.send(initialized)
  await transport.close()
  assert.deepEqual(told, [{ jsonrpc: '2.0', id: 1, result: {} }])
  assert.deepEqual(
    asked.map(({ headers, method }) => [
      method,
      headers.get('mcp-session-id'),
      headers.get('mcp-protocol-version'),
    ]),
    [
      ['POST', null, null],
      ['POST', 's', '2025-11-25'],
      ['GET', 's', '2025-11-25'],
      ['DELETE', 's', '2025-11-25'],
    ],
  )
  assert.equal(asked[0]?.headers.get('accept'), 'application/json, text/event-stream')
  assert.deepEqual(asked[1]?.body, initialized)
})

it('tells what comes before an answer, and the answer', async () => {
  const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: {} }
  const result = { jsonrpc: '2.0', id: 1, result: {} }
  const { errors, told, transport } = transportOf(() => events(progress, result))
  await transport.send(request(1))
  await when(() => told.length === 2)
  assert.deepEqual([told, errors], [[progress, result], []])
})

it('tells whoever waits that an answer was cut', async () => {
  const progress = { jsonrpc: '2.0', id: 1, method: 'sampling/createMessage' }
  for (const answer of [
    () => events(progress),
    () => new Response('data: {', { headers: { 'content-type': 'text/event-stream' } }),
    () => new Response('data: {\n\n', { headers: { 'content-type': 'text/event-stream' } }),
  ]) {
    const { told, transport } = transportOf(answer)
    await transport.send(request(1))
    const last = () => told.at(-1) as { id: number; error?: { message: string } } | undefined // made here
    await when(() => last()?.error !== undefined)
    assert.equal(last()?.id, 1)
    assert.match(last()?.error?.message ?? '', /unknown/)
  }
})

it('rejects with what Remit says', async () => {
  const data = { code: 'mcp.session_unknown', detail: 'the session has ended' }
  const error = { code: -32600, message: 'the session has ended', data }
  const { transport } = transportOf(() => Response.json({ jsonrpc: '2.0', error }, { status: 404 }))
  await assert.rejects(transport.send(request(1)), (thrown) => {
    assert.ok(thrown instanceof Denied)
    assert.deepEqual([thrown.code, thrown.status], ['mcp.session_unknown', 404])
    return true
  })
  for (const answer of [
    () => new Response('<html>', { status: 404 }),
    () => Response.json({ error }, { status: 500 }),
    () => Response.json({ error: 'x' }, { status: 400 }),
  ])
    await assert.rejects(transportOf(answer).transport.send(request(1)), { name: 'CallFailed' })
  const denied = new Denied({ code: 'task.closed', detail: 'over', status: 401 })
  const { transport: refused } = transportOf(() => Promise.reject(denied))
  await assert.rejects(refused.send(request(1)), denied)
})

it('takes an error that answers the request for its answer, whatever the status', async () => {
  const error = { code: -32022, message: 'unsupported', data: { supported: ['2025-11-25'] } }
  const { told, transport } = transportOf(() =>
    Response.json({ jsonrpc: '2.0', id: 1, error }, { status: 400 }),
  )
  await transport.send(request(1))
  assert.deepEqual(told, [{ jsonrpc: '2.0', id: 1, error }])
  await assert.rejects(transport.send(request(2)), { name: 'CallFailed' })
})

it('repeats in headers what a request of 2026-07-28 says, and no other message', async () => {
  const { asked, transport } = transportOf(() => new Response(null, { status: 202 }))
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
  for (const [method, params] of [
    ['prompts/get', { name: ' two words ', _meta }],
    ['tools/call', { name: '=?base64?eA==?=', _meta }],
    ['tools/list', { _meta }],
    ['tools/call', { name: 'plain' }],
  ] as const) {
    const message = { ...request(1, method), params }
    await transport.send(message, { headers: { 'mcp-param-x': '1', 'mcp-method': 'forged' } })
  }
  const wanted = ['mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-param-x']
  assert.deepEqual(
    asked.map(({ headers }) => wanted.map((name) => headers.get(name))),
    [
      ['2026-07-28', 'prompts/get', '=?base64?IHR3byB3b3JkcyA=?=', '1'],
      ['2026-07-28', 'tools/call', '=?base64?PT9iYXNlNjQ/ZUE9PT89?=', '1'],
      ['2026-07-28', 'tools/list', null, '1'],
      [null, 'forged', null, '1'],
    ],
  )
})

it('says when a stream is over, unless its own signal ended it', async () => {
  const result = { jsonrpc: '2.0', id: 1, result: {} }
  let over = 0
  const onRequestStreamEnd = () => void over++
  const { told, transport } = transportOf(() => events(result))
  await transport.send(request(1), { onRequestStreamEnd })
  await when(() => over === 1)
  const left = AbortSignal.abort()
  await transport.send(request(1), { onRequestStreamEnd, requestSignal: left })
  await when(() => told.length === 2)
  await new Promise(setImmediate)
  assert.equal(over, 1)
})

it('ends what is under way when it is closed, and is closed once', async () => {
  const { closed, errors, told, transport } = transportOf((_, { signal }) => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) =>
        signal?.addEventListener('abort', () => controller.error(signal.reason)),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  await transport.send(request(1))
  await transport.close()
  await transport.close()
  await new Promise(setImmediate)
  assert.deepEqual([closed(), errors, told], [1, [], []])
})
