import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { Agent } from 'undici'
import { until } from '../../../../test/until.ts'
import { exchange } from './exchange.ts'
import type { ExchangeResult, Hooks } from './exchanged.ts'
import { printMessage, type RpcMessage } from './message.ts'
import { answer, type ScriptedServer, serveScript, stream } from './testing.ts'

const LIMITS = { bytes: 10_000, events: 20, timeMs: 20_000 }
const dispatcher = new Agent()
let server: ScriptedServer

before(async () => {
  server = await serveScript()
})
afterEach(() => server.play(() => false))
after(async () => {
  await dispatcher.destroy()
  await server.close()
})

function send(hooks: Hooks = {}, limits: Partial<typeof LIMITS> = {}): Promise<ExchangeResult> {
  const message: RpcMessage = { kind: 'request', id: 'q', method: 'tools/call', params: new Map() }
  const post = {
    url: server.url,
    method: 'POST',
    headers: {},
    body: printMessage(message),
    id: 'q',
  } as const
  return exchange(dispatcher, post, { ...LIMITS, ...limits }, hooks)
}

function why(ended: ExchangeResult): string {
  return ended.state === 'answered' ? 'answered' : `${ended.state} ${ended.failure}`
}

const result = (id: unknown, text = 'ok') => ({ jsonrpc: '2.0', id, result: { text } })
const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }

test('a JSON answer and an answer among events are the same answer', async () => {
  server.play((_, reply) => answer(reply, 'q', { text: 'ok' }))
  const plain = await send()
  const said: string[] = []
  server.play((_, reply) => {
    stream(reply, progress, result('q'))
    reply.end()
    return true
  })
  const streamed = await send({ onMessage: (message) => said.push(message.method) })
  assert.ok(plain.state === 'answered' && streamed.state === 'answered')
  assert.deepEqual(plain.answer, streamed.answer)
  assert.deepEqual(said, ['notifications/progress'])
})

test('a stream without a request says what it says until it ends, and is bounded like an answer', async () => {
  const listen = (hooks: Hooks = {}, limits: Partial<typeof LIMITS> = {}) => {
    const post = {
      url: server.url,
      method: 'GET',
      headers: {},
      body: undefined,
      id: undefined,
    } as const
    return exchange(dispatcher, post, { ...LIMITS, ...limits }, hooks)
  }
  const said: string[] = []
  let begun = 0
  const playing = (...messages: readonly unknown[]) =>
    server.play((_, reply) => {
      stream(reply, ...messages)
      reply.end()
      return true
    })
  playing(progress, { jsonrpc: '2.0', id: 1, method: 'roots/list' })
  const hooks: Hooks = {
    onMessage: ({ method }) => said.push(method),
    onStream: () => {
      begun++
    },
  }
  assert.equal(why(await listen(hooks)), 'answered')
  assert.deepEqual([begun, said], [1, ['notifications/progress', 'roots/list']])
  assert.equal(server.asked.at(-1)?.headers.accept, 'text/event-stream')
  playing(...Array(21).fill(progress))
  assert.equal(why(await listen()), 'failed too_large')
  assert.equal(why(await listen({}, { bytes: 50 })), 'failed too_large')
  playing(result('q'))
  assert.equal(why(await listen()), 'failed unexpected', 'there is nothing to answer')
  server.play((_, reply) => answer(reply, 'q', {}))
  assert.equal(why(await listen()), 'failed unexpected', 'it is no stream')
  server.play((_, reply) => {
    reply.writeHead(405).end()
    return true
  })
  assert.equal(why(await listen()), 'failed unexpected')
  assert.equal(why(await listen({ mayStart: () => false })), 'not_sent not_permitted')
})

test('an event without text says nothing: it primes a stream for resumption', async () => {
  server.play((_, reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.end(`id: 1\ndata:\n\ndata: ${JSON.stringify(result('q'))}\n\n`)
    return true
  })
  assert.equal(why(await send()), 'answered')
})

test('an answer to something else is no answer', async () => {
  server.play((_, reply) => answer(reply, 'other', {}))
  assert.equal(why(await send()), 'failed unexpected')
  server.play((_, reply) => {
    stream(reply, result('other'), result('q'))
    return true
  })
  assert.equal(why(await send()), 'failed unexpected')
})

test('of two answers the first counts', async () => {
  server.play((_, reply) => {
    stream(reply, result('q', 'first'), result('q', 'second'))
    reply.end()
    return true
  })
  const ended = await send()
  assert.ok(ended.state === 'answered' && ended.answer?.kind === 'result')
  assert.equal(ended.answer.result.get('text'), 'first')
})

test('a stream that never ends is left: for its size, for its events, for its time', async () => {
  const flood = (bytes: number) => {
    server.play((_, reply) => {
      const write = () => {
        while (
          !reply.destroyed &&
          reply.write(`: ${'x'.repeat(bytes)}\ndata: ${JSON.stringify(progress)}\n\n`)
        );
      }
      stream(reply)
      reply.on('drain', write)
      write()
      return true
    })
  }
  const endless = 1_000_000_000
  flood(5_000)
  assert.equal(why(await send({}, { events: endless })), 'failed too_large')
  flood(0)
  assert.equal(why(await send({}, { bytes: endless })), 'failed too_large')
  // A connection is there, so that only the answer takes time.
  server.play((_, reply) => answer(reply, 'q', {}))
  assert.equal(why(await send()), 'answered')
  server.play((_, reply) => {
    stream(reply, progress)
    return true
  })
  assert.equal(why(await send({}, { timeMs: 500 })), 'failed timed_out')
})

test('a stream that goes on behind its answer is cut off', async () => {
  let closed = false
  server.play((_, reply) => {
    reply.on('close', () => {
      closed = true
    })
    stream(reply, result('q'))
    const more = setInterval(() => stream(reply, progress), 5)
    reply.on('close', () => clearInterval(more))
    return true
  })
  assert.equal(why(await send()), 'answered')
  await until(async () => closed || undefined)
})

test('what is not MCP is not believed', async () => {
  const texts: [type: string, text: string][] = [
    ['text/html', '<h1>Sign in</h1>'],
    ['application/json', '<h1>Sign in</h1>'],
    ['application/json', '[]'],
    ['application/json', '{"jsonrpc":"2.0","id":"q","result":{},"result":{"a":1}}'],
    ['application/json', JSON.stringify(progress)],
    ['application/json', ''],
    ['text/event-stream', 'data: <h1>Sign in</h1>\n\n'],
    ['text/event-stream', 'data: [1]\n\n'],
  ]
  for (const [type, text] of texts) {
    server.play((_, reply) => {
      reply.writeHead(200, { 'content-type': type }).end(text)
      return true
    })
    assert.equal(why(await send()), 'failed unexpected', text)
  }
})

test('redirects are not followed, and no other status is an answer', async () => {
  for (const status of [202, 301, 307, 400, 401, 404, 500]) {
    server.play((_, reply) => {
      reply.writeHead(status, { location: server.url, 'content-type': 'application/json' })
      reply.end(JSON.stringify(result('q')))
      return true
    })
    const ended = await send()
    assert.equal(why(ended), 'failed unexpected')
    assert.equal(ended.status, status)
  }
})

test('a stream that ends without the answer says nothing about what happened', async () => {
  server.play((_, reply) => {
    stream(reply, progress)
    reply.end()
    return true
  })
  assert.equal(why(await send()), 'failed cut')
  server.play((_, reply) => {
    reply.destroy()
    return true
  })
  assert.equal(why(await send()), 'failed cut')
})

test('nothing is sent when it may not start, or when nobody wants it any more', async () => {
  const before = server.asked.length
  assert.equal(why(await send({ mayStart: () => false })), 'not_sent not_permitted')
  assert.equal(why(await send({ signal: AbortSignal.abort() })), 'not_sent left')
  assert.equal(server.asked.length, before)
})

test('an exchange that is left while it runs may have had its effect', async () => {
  const leaving = new AbortController()
  server.play((_, reply) => {
    stream(reply, progress)
    return true
  })
  const ended = await send({ signal: leaving.signal, onMessage: () => leaving.abort() })
  assert.equal(why(ended), 'failed left')
})
